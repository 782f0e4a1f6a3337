// The language of the till page: what the look's language does, and times of the store's day.

import { Language } from "/look/language.js";
import { TEXTS } from "./texts.js";

export class TillLanguage extends Language {
  constructor() {
    super(TEXTS);
  }

  /** The name of an item or the title of a coupon in this language, else in the other one. */
  pick(in_chinese, in_english) {
    return (this.code === "zh" ? in_chinese || in_english : in_english || in_chinese) ?? "";
  }

  /** Hours and minutes in the store's time zone; with the date when `ms` is not on the day of `now_ms`. */
  time(ms, now_ms) {
    const day = { month: "2-digit", day: "2-digit" };
    const is_same_day = this.format(ms, day) === this.format(now_ms, day);
    return this.format(ms, { ...(is_same_day ? {} : day), hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }
}
