// <tocsin-map>: the map beside the list. The server has drawn a locator and a table into it; this opens the real map over
// the drawing, after the page is there and only where the browser draws WebGL. Without it nothing is missing but the zoom.
const WIDE = "(min-width: 62rem)";

function drawsWebgl() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

class TocsinMap extends HTMLElement {
  connectedCallback() {
    this.opener = this.querySelector("[data-open]");
    this.stage = this.querySelector("[data-stage]");
    this.said = this.querySelector("[data-said]");
    if (!this.dataset.library || this.dataset.state) return;
    this.dataset.state = "closed";
    if (!drawsWebgl()) return this.say("no-webgl", this.dataset.noWebgl);
    this.opener.hidden = false;
    this.opener.addEventListener("click", () => this.open().then(() => this.focusMap()));
    if (this.hasAttribute("data-later") || !matchMedia(WIDE).matches || navigator.connection?.saveData) return;
    (window.requestIdleCallback ?? setTimeout)(() => this.open());
  }

  say(state, words) {
    this.dataset.state = state;
    this.said.textContent = words ?? "";
    this.said.hidden = !words;
  }

  async open() {
    if (this.opening) return this.opening;
    this.opener.hidden = true;
    this.say("loading", this.dataset.loading);
    this.opening = import("./map_view.js").then(({ show }) => show(this)).then((view) => {
      this.view = view;
      this.querySelector(".locator")?.setAttribute("hidden", "");
      this.say("open");
      if (this.chosen) view.select(this.chosen);
    }).catch((error) => {
      console.warn(`map: ${error.message}`);
      this.opening = null;
      this.opener.hidden = false;
      this.stage.hidden = true;
      this.say("failed", this.dataset.failed);
    });
    return this.opening;
  }

  focusMap() {
    if (this.view) this.view.focus();
    else if (this.opener && !this.opener.hidden) this.opener.focus();
    else this.querySelector("summary")?.focus();
  }

  // One selection with the list: a row that is hovered or focused raises its mark.
  select(id) {
    this.chosen = id;
    this.view?.select(id);
  }

  refresh() {
    this.view?.refresh();
  }
}

customElements.define("tocsin-map", TocsinMap);
