// A form is on its way once: a second press within some seconds does nothing. (The server answers a second one like the
// first; but an app that we send somebody back to may not, so no second one is made.)
(() => {
  const WAIT_MS = 5000;
  document.addEventListener("submit", (event) => {
    const form = event.target, sent = Number(form.dataset.sent || 0);
    if (event.defaultPrevented) return;
    if (Date.now() - sent < WAIT_MS) event.preventDefault();
    else form.dataset.sent = Date.now();
  });
  // Back again, from the browser's memory.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
