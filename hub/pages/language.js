// The language of the page: which one, its sentences, and times in it.
// Rule: every sentence stands in texts.js in both languages under one key.

import { TEXTS } from "./texts.js";

const STORAGE_KEY = "tillsync.language";
const LOCALES = { zh: "zh-CN", en: "en" };
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export class Language {
  #storage;

  constructor({ storage, url_search, browser_language }) {
    this.#storage = storage;
    const asked = new URLSearchParams(url_search).get("lang")?.slice(0, 2);
    const usual = browser_language.toLowerCase().startsWith("zh") ? "zh" : "en";
    this.code = [asked, storage.getItem(STORAGE_KEY), usual].find((code) => code in LOCALES);
  }

  get locale() {
    return LOCALES[this.code];
  }

  get other_code() {
    return this.code === "zh" ? "en" : "zh";
  }

  get other_locale() {
    return LOCALES[this.other_code];
  }

  switchTo(code) {
    this.code = code;
    this.#storage.setItem(STORAGE_KEY, code);
  }

  /** The sentence under `key`, with {name} replaced from `values`; the key itself when there is none. */
  text(key, values = {}) {
    const sentence = TEXTS[this.code][key];
    if (sentence === undefined) return key;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /** Hours, minutes and seconds on the clock of this machine. */
  time(at_ms) {
    return this.#format(at_ms, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  }

  /** Date and time on the clock of this machine. */
  moment(at_ms) {
    return this.#format(at_ms, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
  }

  #format(at_ms, options) {
    return new Intl.DateTimeFormat(this.locale, options).format(new Date(at_ms));
  }

  /** How long ago something was, by the hub's clock, in the largest unit that fits. */
  ago(at_ms, now_ms) {
    if (at_ms === null) return this.text("ago.never");
    const age_ms = Math.max(now_ms - at_ms, 0);
    const units = [["days", DAY_MS], ["hours", HOUR_MS], ["minutes", MINUTE_MS], ["seconds", SECOND_MS]];
    const [unit, unit_ms] = units.find(([, size_ms]) => age_ms >= size_ms) ?? units.at(-1);
    return this.text(`ago.${unit}`, { count: Math.floor(age_ms / unit_ms) });
  }

  /** Put the sentences into the elements that name one: data-text, data-text-label, data-text-title. */
  applyTo(root) {
    document.documentElement.lang = this.locale;
    for (const node of root.querySelectorAll("[data-text]")) node.textContent = this.text(node.dataset.text);
    for (const node of root.querySelectorAll("[data-text-label]")) {
      node.setAttribute("aria-label", this.text(node.dataset.textLabel));
    }
    for (const node of root.querySelectorAll("[data-text-title]")) node.title = this.text(node.dataset.textTitle);
  }
}
