// Shows what we send to this browser, and opens the page it is about. It stands below the page on which it is switched
// on and has to do with no other; it keeps nothing and asks for nothing.
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data?.json() ?? {};
  } catch {
    // Not ours to read: something must be shown all the same, so the name of the site is.
  }
  event.waitUntil(self.registration.showNotification(said.title || self.location.host, {
    body: said.body || "",
    icon: "/apple-touch-icon.png",
    data: { path: said.path || "/" },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const page = new URL(event.notification.data?.path || "/", self.location.origin);
  if (page.origin === self.location.origin) event.waitUntil(self.clients.openWindow(page.href));
});
