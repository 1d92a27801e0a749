// The widget in somebody else's page renews itself: only what changed is replaced, so that a reader keeps their place.
// A page that cannot renew itself says that it is old, and never looks like "no warning".
const EVERY_MS = 120_000;
const OLD_MS = 5 * 60_000;
const PARTS = ["h1", "[data-list]", ".made"];
const old = document.querySelector("[data-old]");
let renewed = Date.now();

async function renew() {
  try {
    const answer = await fetch(location.href, { cache: "no-cache", credentials: "omit" });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of PARTS) {
      const [here, there] = [document.querySelector(part), fresh.querySelector(part)];
      if (!there) throw new Error("this is not the widget");
      if (here.innerHTML !== there.innerHTML) here.replaceChildren(...there.childNodes);
    }
    renewed = Date.now();
  } catch {
    // no network or no server: the next turn tries again
  }
  old.hidden = Date.now() - renewed < OLD_MS;
}

setInterval(renew, EVERY_MS);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && Date.now() - renewed >= EVERY_MS) renew(); // browsers halt the timers of hidden pages
});
