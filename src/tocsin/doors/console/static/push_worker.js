// Shows warnings that a push service brings to this browser, and tells the office that they came and were looked at.
// Holds nothing of anybody. Its scope is /subscribe alone.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

function say(receipt, status) {
  if (!receipt) return Promise.resolve();
  const own = new URL(receipt);
  const here = new URL(own.pathname, location.origin); // the same office, by whatever name this browser knows it
  return fetch(here, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ status }) }).catch(() => undefined);
}

addEventListener("push", (event) => {
  let said;
  try {
    said = event.data.json();
  } catch {
    return;
  }
  const options = {
    body: said.body, tag: said.id, lang: said.language === "zh-hans" ? "zh-Hans" : "en", requireInteraction: said.level >= 3,
    data: { link: said.link, receipt: said.receipt },
  };
  event.waitUntil(Promise.all([registration.showNotification(said.subject, options), say(said.receipt, "delivered")]));
});

addEventListener("notificationclick", (event) => {
  const { link, receipt } = event.notification.data ?? {};
  event.notification.close();
  const page = link ? new URL(link).pathname : "/warnings";
  event.waitUntil(Promise.all([clients.openWindow(page), say(receipt, "acknowledged")]));
});
