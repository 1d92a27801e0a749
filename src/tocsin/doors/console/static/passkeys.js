// Passkeys: made on their page, used on forms with data-passkey (where the challenge is asked for) and data-bound (what is
// signed). A form without the passkey's answer is still sent where the browser has none: the server says what it wants.
const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const said = (words) => { for (const line of document.querySelectorAll("[data-passkey-said]")) line.textContent = words; };

async function post(address, body, headers = {}) {
  const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token, ...headers }, credentials: "same-origin" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.said);
  return told;
}

const known = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

async function make(button) {
  const { publicKey: options } = await post(button.dataset.begin, new FormData());
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  options.excludeCredentials = known(options.excludeCredentials);
  const made = await navigator.credentials.create({ publicKey: options });
  const body = { name: document.getElementById("passkey-name").value, id: made.id, rawId: text(made.rawId), type: made.type, response: { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) } };
  const { to } = await post(button.dataset.add, JSON.stringify(body), { "Content-Type": "application/json" });
  location.assign(to);
}

async function sign(form) {
  const asked = new FormData();
  asked.set("bound", form.dataset.bound);
  const { publicKey: options } = await post(form.dataset.passkey, asked);
  options.challenge = bytes(options.challenge);
  options.allowCredentials = known(options.allowCredentials);
  const used = await navigator.credentials.get({ publicKey: options });
  const { clientDataJSON, authenticatorData, signature } = used.response;
  return JSON.stringify({ id: used.id, rawId: text(used.rawId), type: used.type, response: { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) } });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    if (form.elements.namedItem("assertion")) return;
    event.preventDefault();
    const button = event.submitter;
    try {
      const kept = document.createElement("input");
      [kept.type, kept.name, kept.value] = ["hidden", "assertion", await sign(form)];
      form.append(kept);
      form.requestSubmit(button);
    } catch (error) {
      said(error.message);
    }
  });
}
document.querySelector("[data-begin]")?.addEventListener("click", (event) => {
  make(event.currentTarget).catch((error) => said(error.message));
});
document.body.dataset.passkeys = "ready";
