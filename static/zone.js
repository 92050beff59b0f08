// The time zone of this browser, for whoever signs up; without it times are in UTC until one is chosen.
for (const field of document.querySelectorAll("[data-zone]")) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
