// Notices in this browser. The browser asks for permission only after a press; what it says of where it takes notices
// then goes with an ordinary form, so that the server answers with pages as everywhere else.
(() => {
  const form = document.querySelector("[data-push]");
  if (!form) return;
  const trouble = form.querySelector("[data-push-trouble]");
  const button = form.querySelector("[data-push-button]");
  const say = (name) => {
    trouble.textContent = form.dataset[name];
    trouble.hidden = false;
  };
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const registered = () => navigator.serviceWorker.getRegistration(form.dataset.worker);

  const forget = async () => {
    const old = await (await registered())?.pushManager.getSubscription();
    await old?.unsubscribe();
  };
  const subscribe = async () => {
    await navigator.serviceWorker.register(form.dataset.worker, { updateViaCache: "none" });
    await forget(); // it may know us by a former key
    const registration = await navigator.serviceWorker.ready;
    return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: decode(form.dataset.key) });
  };

  form.querySelector("[data-push-fallback]")?.setAttribute("hidden", "");
  if (!able) {
    say("unable");
    return;
  }
  if (form.dataset.push === "on") {
    if (Notification.permission !== "granted") say("lost");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await forget();
      } finally {
        form.submit(); // we tell it no more, whatever the browser says
      }
    });
    return;
  }
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    button.disabled = true;
    try {
      if (await Notification.requestPermission() !== "granted") {
        say("denied");
        return;
      }
      form.elements.subscription.value = JSON.stringify(await subscribe());
      form.submit();
    } catch {
      say("failed");
    } finally {
      button.disabled = false;
    }
  });
})();
