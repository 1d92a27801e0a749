// Single-key shortcuts: shown by "?", can be switched off (WCAG 2.1.4), silent while somebody types.
const STORE = "tocsin.keys";
const enabled = () => localStorage.getItem(STORE) !== "off";

export function bindKeys(actions) {
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("keys-open");
  const toggle = document.getElementById("keys-on");
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
  toggle.checked = enabled();
  toggle.addEventListener("change", () => localStorage.setItem(STORE, toggle.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || !enabled()) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const action = event.key === "?" ? () => dialog.showModal() : actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
