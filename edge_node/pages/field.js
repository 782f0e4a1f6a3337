// The one input field: what it is for now, and that it never loses the focus.

import { byId, icon, redraw, setData } from "/look/dom.js";

const PURPOSE_ICONS = {
  item: "item", member: "member", enrol: "member", coupon: "coupon", choose: "cash", cash: "cash", card: "card",
  points: "points", booking: "waiting", result: "done", receipts: "receipt", cancel: "warning",
};

const AMOUNT_PURPOSES = ["cash", "card", "points"];

export class Field {
  #input = byId("entry");
  #language;
  #purpose = "item";
  #is_keyboard_wanted = true;

  constructor(language) {
    this.#language = language;
    document.addEventListener("pointerdown", (event) => this.#noteTouch(event), { capture: true });
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

  /** Write in place of what is selected. */
  insert(text) {
    this.#input.setRangeText(text, this.#input.selectionStart, this.#input.selectionEnd, "end");
  }

  /** Erase what is selected, else the character before. */
  erase() {
    const { selectionStart, selectionEnd } = this.#input;
    const from = selectionStart === selectionEnd ? Math.max(0, selectionStart - 1) : selectionStart;
    this.#input.setRangeText("", from, selectionEnd, "end");
  }

  /** The keyboard on the screen comes up for a touch on the field itself, not for every key pressed beside it. */
  #noteTouch(event) {
    if (event.pointerType === "mouse") this.#is_keyboard_wanted = true;
    else this.#is_keyboard_wanted = event.target === this.#input;
    this.#drawInputMode();
  }

  #drawInputMode() {
    const usual = AMOUNT_PURPOSES.includes(this.#purpose) ? "decimal" : "text";
    this.#input.inputMode = this.#is_keyboard_wanted ? usual : "none";
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
    this.#purpose = purpose;
    this.#drawInputMode();
  }
}
