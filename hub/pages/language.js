// The language of the console: what the look's language does, and times and durations.

import { Language } from "/look/language.js";
import { TEXTS } from "./texts.js";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNITS = [["days", DAY_MS], ["hours", HOUR_MS], ["minutes", MINUTE_MS], ["seconds", SECOND_MS]];
const SECOND_PARTS = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };

function largestUnit(duration_ms) {
  return UNITS.find(([, unit_ms]) => duration_ms >= unit_ms) ?? UNITS.at(-1);
}

export class ConsoleLanguage extends Language {
  constructor() {
    super(TEXTS);
  }

  /** Hours, minutes and seconds on the clock of this machine. */
  time(at_ms) {
    return this.format(at_ms, SECOND_PARTS);
  }

  /** Hours and minutes on the clock of this machine. */
  minute(at_ms) {
    return this.format(at_ms, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  }

  /** Date and time on the clock of this machine. */
  moment(at_ms) {
    return this.format(at_ms, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });
  }

  /** How long ago something was, by the hub's clock, in the largest unit that fits. */
  ago(at_ms, now_ms) {
    if (at_ms === null) return this.text("ago.never");
    const age_ms = Math.max(now_ms - at_ms, 0);
    const [unit, unit_ms] = largestUnit(age_ms);
    return this.text(`ago.${unit}`, { count: Math.floor(age_ms / unit_ms) });
  }

  /** A duration in its two largest units: "1 h 20 min", "45 s", "0". */
  duration(duration_ms) {
    if (duration_ms < SECOND_MS) return this.text("duration.zero");
    const [unit, unit_ms] = largestUnit(duration_ms);
    const place = UNITS.findIndex(([name]) => name === unit);
    const count = Math.floor(duration_ms / unit_ms);
    const words = [this.text(`duration.${unit}`, { count })];
    const [smaller, smaller_ms] = UNITS[place + 1] ?? [null, SECOND_MS];
    const rest = Math.floor((duration_ms % unit_ms) / smaller_ms);
    if (smaller !== null && rest > 0) words.push(this.text(`duration.${smaller}`, { count: rest }));
    return words.join(" ");
  }
}
