// Single-key shortcuts: listed by "?", each can be given another key, all can be switched off (WCAG 2.1.4); silent while
// somebody types. What a person chose is kept in this browser. Irreversible acts have no key.
const ON = "tocsin.keys";
const MAP = "tocsin.keymap";
const PAIR_MS = 1500; // "g" then "l": how long the first waits for the second
const STANDARD = {
  next: "j", previous: "k", open: "Enter", acknowledge: "a", verify: "v", warn: "w", dispatch: "d", comment: "c", arrivals: "n",
  filter: "f", map: "m", search: "/", earlier: "[", later: "]", list: "gl", help: "?", export: "e",
};
const enabled = () => localStorage.getItem(ON) !== "off";

function chosen() {
  try {
    return { ...STANDARD, ...JSON.parse(localStorage.getItem(MAP) ?? "{}") };
  } catch {
    return { ...STANDARD };
  }
}

// Elements that carry data-key="verify" and the like act when their key is pressed: links are followed, buttons pressed.
function press(action, root) {
  const element = [...(root ?? document).querySelectorAll(`[data-key="${action}"]`)].find((found) => found.getClientRects().length > 0);
  if (!element) return false;
  if (element.matches("input, select, textarea")) element.focus();
  else element.click();
  return true;
}

export function bindKeys(actions) {
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("keys-open");
  let keys = chosen();
  let first = "";
  let firstAt = 0;
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  fillDialog(dialog, () => keys, (fresh) => { keys = fresh; });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || !enabled()) return;
    if (event.target.closest("input, select, textarea, [contenteditable], .map-stage")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const pair = first && performance.now() - firstAt < PAIR_MS ? first + key : "";
    const action = nameOf(pair) || nameOf(key);
    [first, firstAt] = [action ? "" : key, performance.now()];
    if (!action || action === "open") return; // Enter is the link's own
    const done = action === "help" ? (dialog.showModal(), true) : (actions[action] ? actions[action]() !== false : press(action));
    if (done) event.preventDefault();
  });

  const nameOf = (key) => key && Object.keys(keys).find((name) => keys[name] === key);
}

export { press };

function fillDialog(dialog, read, write) {
  const toggle = document.getElementById("keys-on");
  const said = dialog.querySelector("[data-keys-said]");
  const inputs = [...dialog.querySelectorAll("input[data-action]")];
  const show = () => inputs.forEach((input) => { input.value = read()[input.dataset.action]; });
  toggle.checked = enabled();
  toggle.addEventListener("change", () => localStorage.setItem(ON, toggle.checked ? "on" : "off"));
  show();
  for (const input of inputs) {
    input.addEventListener("focus", () => input.select());
    input.addEventListener("change", () => {
      const key = input.value.trim().toLowerCase();
      const keys = read();
      const taken = Object.entries(keys).some(([name, other]) => name !== input.dataset.action && other === key);
      if (key.length === 0 || key.length > 2 || taken) {
        said.textContent = said.dataset.taken.replace("{key}", key || " ");
        return show();
      }
      said.textContent = "";
      write({ ...keys, [input.dataset.action]: key });
      localStorage.setItem(MAP, JSON.stringify(read()));
    });
  }
  dialog.querySelector("[data-keys-standard]").addEventListener("click", () => {
    localStorage.removeItem(MAP);
    write(chosen());
    said.textContent = "";
    show();
  });
}
