// The one input field: what it is for now, and that it never loses the focus.

import { byId, icon, redraw, setData } from "./dom.js";

const PURPOSE_ICONS = {
  item: "item", member: "member", enrol: "member", coupon: "coupon", choose: "cash", cash: "cash", card: "card",
  points: "points", booking: "restarting", result: "done", receipts: "receipt", cancel: "warning",
};

export class Field {
  #input = byId("entry");
  #language;

  constructor(language) {
    this.#language = language;
    document.addEventListener("click", () => this.focus());
    window.addEventListener("focus", () => this.focus());
    document.addEventListener("focusout", (event) => {
      if (event.relatedTarget === null) setTimeout(() => this.focusWhenNobodyHas());
    });
  }

  get text() {
    return this.#input.value;
  }

  set text(text) {
    this.#input.value = text;
  }

  get has_focus() {
    return document.activeElement === this.#input;
  }

  onInput(listener) {
    this.#input.addEventListener("input", (event) => {
      if (!event.isComposing) listener(this.text);
    });
    this.#input.addEventListener("compositionend", () => listener(this.text));
  }

  focus() {
    this.#input.focus({ preventScroll: true });
  }

  focusWhenNobodyHas() {
    if (document.activeElement === null || document.activeElement === document.body) this.focus();
  }

  fill(text) {
    this.text = text;
    this.#input.select();
  }

  take() {
    const text = this.text;
    this.text = "";
    return text;
  }

  setList(is_open, active_id) {
    this.#input.setAttribute("aria-expanded", String(is_open));
    if (active_id) this.#input.setAttribute("aria-activedescendant", active_id);
    else this.#input.removeAttribute("aria-activedescendant");
  }

  draw(purpose) {
    const words = this.#language.text(`purpose.${purpose}`);
    redraw(byId("purpose"), [purpose, words], () => [icon(PURPOSE_ICONS[purpose]), words]);
    setData(byId("entry-row"), "purpose", purpose);
    const placeholder = this.#language.text(`placeholder.${purpose}`);
    if (this.#input.placeholder !== placeholder) this.#input.placeholder = placeholder;
    this.#input.inputMode = ["cash", "card", "points"].includes(purpose) ? "decimal" : "text";
  }
}
