// What is typed stays in this tab until it arrived: in forms with data-draft="NAME" every change is kept in sessionStorage.
// A draft that was sent is dropped on the next page of the console; where that page is a log-in or a refusal it was not
// taken, so it is kept and put back when its form is shown again. Logging out drops all of them.
const PREFIX = "tocsin-draft:";
const SENT = "tocsin-drafts-sent";
const LEFT = "tocsin-left";
const store = window.sessionStorage;
const came = performance.getEntriesByType("navigation")[0]?.type;
const notTaken = ["login", "refused", "send_again", "post", "password"].includes(document.body.dataset.page);

const sent = () => JSON.parse(store.getItem(SENT) || "[]");
if (!notTaken) {
  if (came === "navigate") for (const key of sent()) store.removeItem(key);
  store.removeItem(SENT);
} else {
  store.removeItem(SENT);
}

const kept = (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type);
const read = (form) => [...form.elements].filter(kept).map((f) => [f.name, f.type === "checkbox" || f.type === "radio" ? [f.value, f.checked] : f.value]);

function put(form, values) {
  for (const [name, value] of values) {
    for (const field of form.elements) {
      if (field.name !== name || !kept(field)) continue;
      if (Array.isArray(value)) {
        if (field.value === value[0]) field.checked = value[1];
      } else if (field.value !== value) field.value = value;
    }
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  const key = PREFIX + form.dataset.draft;
  const text = store.getItem(key);
  if (text && text !== JSON.stringify(read(form))) {
    put(form, JSON.parse(text));
    form.dataset.restored = "";
    if (form.dataset.draftWords) {
      const said = document.createElement("p");
      said.className = "restored muted";
      said.setAttribute("role", "status");
      said.textContent = form.dataset.draftWords;
      form.prepend(said);
    }
  }
  const keep = () => store.setItem(key, JSON.stringify(read(form)));
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  form.addEventListener("submit", () => {
    keep();
    store.setItem(SENT, JSON.stringify([...new Set([...sent(), key])]));
  });
}

for (const form of document.querySelectorAll("form[data-leaves]")) {
  form.addEventListener("submit", () => {
    for (const key of Object.keys(store)) if (key === SENT || key.startsWith(PREFIX)) store.removeItem(key);
    localStorage.setItem(LEFT, String(Date.now()));
  });
}
// A page that the browser kept whole and shows again by "back": not to who sits here after somebody logged out.
window.addEventListener("pageshow", (event) => {
  if (event.persisted && Number(localStorage.getItem(LEFT)) > performance.timeOrigin) location.reload();
});
