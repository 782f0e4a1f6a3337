// The language of a page: which one, and its sentences.
// Rule: every sentence stands in both languages under one key; `texts` is {zh, en}.

import { setText } from "/look/dom.js";

const STORAGE_KEY = "tillsync.language";
const LOCALES = { zh: "zh-CN", en: "en" };
const NAMES = { zh: "中文", en: "English" };

export class Language {
  #texts;

  constructor(texts) {
    this.#texts = texts;
    this.time_zone = undefined;  // the browser's own until another one is named
    const asked = new URLSearchParams(location.search).get("lang")?.slice(0, 2);
    const usual = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
    this.code = [asked, localStorage.getItem(STORAGE_KEY), usual].find((code) => code in LOCALES);
  }

  get locale() {
    return LOCALES[this.code];
  }

  #otherCode() {
    return this.code === "zh" ? "en" : "zh";
  }

  /** Change to the other language and keep it; one that the address asked for no longer counts. */
  switchToOther() {
    this.code = this.#otherCode();
    localStorage.setItem(STORAGE_KEY, this.code);
    history.replaceState(null, "", location.pathname);
  }

  has(key) {
    return key in this.#texts[this.code];
  }

  /** The sentence under `key`, with {name} replaced from `values`; the key itself when there is none. */
  text(key, values = {}) {
    const sentence = this.#texts[this.code][key];
    if (sentence === undefined) return key;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /** The first of `keys` that has a sentence, or null. */
  firstText(keys, values) {
    const key = keys.find((candidate) => this.has(candidate));
    return key === undefined ? null : this.text(key, values);
  }

  /** A moment in parts that `Intl.DateTimeFormat` knows. */
  format(at_ms, parts) {
    return new Intl.DateTimeFormat(this.locale, { ...parts, timeZone: this.time_zone }).format(at_ms);
  }

  /** Put the sentences into the elements that name one: data-text, data-text-label, data-text-title. */
  applyTo(root) {
    document.documentElement.lang = this.locale;
    for (const node of root.querySelectorAll("[data-text]")) setText(node, this.text(node.dataset.text));
    for (const node of root.querySelectorAll("[data-text-label]")) {
      node.setAttribute("aria-label", this.text(node.dataset.textLabel));
    }
    for (const node of root.querySelectorAll("[data-text-title]")) node.title = this.text(node.dataset.textTitle);
  }

  /** Write the other language's own name on the button that changes to it. */
  nameOtherOn(button) {
    setText(button, NAMES[this.#otherCode()]);
    button.lang = LOCALES[this.#otherCode()];
  }
}
