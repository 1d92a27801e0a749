// Public pages work without this. It says on an open page what only time changes: that a warning is over, that the page is old.
// The reader's own clock may be wrong: before a warning is called over, the server is asked what time it is.
const OLD_MS = 5 * 60_000;
const body = document.body;
const made = Number(body.dataset.made);
let ahead; // of the server's clock, ms; unknown until it was asked
let asking = false;

const now = () => Date.now() + (ahead ?? 0);

async function ask() {
  if (asking || ahead !== undefined) return;
  asking = true;
  try {
    const answer = await fetch("/warnings", { method: "HEAD", cache: "no-store" });
    const said = Date.parse(answer.headers.get("date"));
    if (answer.ok && said) ahead = said - Date.now();
  } catch {
    // no network: nothing is called over, but the page may be called old
  }
  asking = false;
}

function look() {
  const over = [...document.querySelectorAll("[data-until]:not(.ended)")].filter((part) => now() >= Number(part.dataset.until));
  const isOld = now() - made >= OLD_MS || now() < made - OLD_MS;
  if ((over.length || isOld) && ahead === undefined) ask();
  const old = document.querySelector("[data-old]");
  if (old) old.hidden = !isOld;
  if (ahead === undefined) return;
  for (const part of over) {
    part.classList.add("ended");
    const said = document.createElement("p");
    said.className = "over";
    said.setAttribute("role", "status");
    said.textContent = body.dataset.over;
    part.prepend(said);
  }
}

if (made) {
  look();
  setInterval(look, 1000);
  addEventListener("pageshow", look);
}
