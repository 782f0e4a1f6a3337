// The language of the page: which one, and its sentences.
// Rule: every sentence stands in texts.js in both languages under one key.

import { TEXTS } from "./texts.js";

const STORAGE_KEY = "tillsync.language";
const LOCALES = { zh: "zh-CN", en: "en" };

export class Language {
  #storage;

  constructor({ storage, url_search, browser_language }) {
    this.#storage = storage;
    this.time_zone = undefined;  // the browser's own until the node names the store's
    const asked = new URLSearchParams(url_search).get("lang");
    const kept = storage.getItem(STORAGE_KEY);
    const usual = browser_language.toLowerCase().startsWith("zh") ? "zh" : "en";
    this.code = [asked, kept, usual].find((code) => code in LOCALES);
  }

  get locale() {
    return LOCALES[this.code];
  }

  get other_code() {
    return this.code === "zh" ? "en" : "zh";
  }

  switchTo(code) {
    this.code = code;
    this.#storage.setItem(STORAGE_KEY, code);
  }

  has(key) {
    return key in TEXTS[this.code];
  }

  /** The sentence under `key`, with {name} replaced from `values`; the key itself when there is none. */
  text(key, values = {}) {
    const sentence = TEXTS[this.code][key];
    if (sentence === undefined) return key;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /** The first of `keys` that has a sentence, or null. */
  firstText(keys, values) {
    const key = keys.find((candidate) => this.has(candidate));
    return key === undefined ? null : this.text(key, values);
  }

  /** The name of an item or the title of a coupon in this language, else in the other one. */
  pick(in_chinese, in_english) {
    return (this.code === "zh" ? in_chinese || in_english : in_english || in_chinese) ?? "";
  }

  /** Hours and minutes in the store's time zone; with the date when `ms` is not on the day of `now_ms`. */
  time(ms, now_ms) {
    const day = { month: "2-digit", day: "2-digit" };
    const is_same_day = this.#inZone(day, ms) === this.#inZone(day, now_ms);
    return this.#inZone({ ...(is_same_day ? {} : day), hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, ms);
  }

  #inZone(parts, ms) {
    return new Intl.DateTimeFormat(this.locale, { ...parts, timeZone: this.time_zone }).format(ms);
  }

  /** Put the sentences into the elements that name one: data-text, data-text-label. */
  applyTo(root) {
    document.documentElement.lang = this.locale;
    for (const node of root.querySelectorAll("[data-text]")) node.textContent = this.text(node.dataset.text);
    for (const node of root.querySelectorAll("[data-text-label]")) {
      node.setAttribute("aria-label", this.text(node.dataset.textLabel));
    }
  }
}
