// Warns before an idle session ends, and renews it when asked. The server keeps the real clock; this page only mirrors it.
// Tabs stay in step through localStorage: whichever tab last spoke to the server writes when.
const region = document.getElementById("session-warning");
if (region) {
  const KEY = "portal-session-renewed";
  const GRACE = 2000; // end after the server does, so that the sign-in page does not renew the session by accident
  const idle = Number(region.dataset.idleSeconds) * 1000;
  const warn = Number(region.dataset.warnSeconds) * 1000;
  const form = region.querySelector("form");
  const left = region.querySelector("[data-session-left]");
  const trouble = region.querySelector("[data-session-trouble]");
  let renewed = Date.now();
  let over = false;

  const store = (at) => {
    renewed = at;
    try { localStorage.setItem(KEY, String(at)); } catch { /* storage is off: this tab counts alone */ }
  };
  const lastRenewed = () => {
    try { return Math.max(renewed, Math.min(Number(localStorage.getItem(KEY)) || 0, Date.now())); } catch { return renewed; }
  };
  const end = () => {
    over = true;
    const next = location.pathname + location.search;
    location.replace(`${region.dataset.loginUrl}?next=${encodeURIComponent(next)}`);
  };
  const tick = () => {
    if (over) return;
    const remaining = lastRenewed() + idle - Date.now();
    if (remaining <= -GRACE) return end();
    if (remaining > warn) {
      region.hidden = true;
      trouble.hidden = true;
      return;
    }
    const minutes = Math.ceil(remaining / 60000);
    const words = minutes > 1 ? region.dataset.minutes.replace("{minutes}", minutes) : region.dataset.soon;
    if (left.textContent !== words) left.textContent = words; // only when it changes: a screen reader speaks it
    region.hidden = false;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const at = Date.now();
      const answer = await fetch(region.dataset.renewUrl, { method: "POST", body: new FormData(form), redirect: "manual" });
      if (answer.ok) { store(at); tick(); }
      else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) end();
      else trouble.hidden = false;
    } catch {
      trouble.hidden = false;
    }
  });
  store(renewed);
  window.setInterval(tick, 1000);
  document.addEventListener("visibilitychange", tick);
  window.addEventListener("pageshow", tick);
}
