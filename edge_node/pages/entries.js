// What the one field takes: wedge scans told from typing, "3*code" taken apart, and the line of entries to be done.
// Rule: entries are done one after the other, in the order they came; none is lost while the node restarts.

import { ONE_THOUSANDTHS, parseQuantity, plainText } from "./amounts.js";

const SCAN_GAP_MS_MAX = 50;
const SCAN_STALL_MS_MAX = 300;
const SCAN_CHARACTERS_MIN = 4;
const WAITING_ENTRIES_MAX = 50;

/**
 * Watches the keys: characters at most 50 ms apart that end with Enter come from a scanner. A short stall inside a scan
 * (a busy computer) does not cut it in two: what came just before belongs to it.
 */
export class ScanWatch {
  #characters = "";
  #fast_count = 0;
  #last_key_ms = -Infinity;

  /** Forget what came so far: the last key was a command, not the beginning of a scan. */
  forget() {
    this.#characters = "";
    this.#fast_count = 0;
  }

  /** Take note of a key. Gives the scanned text when this key ends a scan, else null. */
  key(event) {
    const gap_ms = event.timeStamp - this.#last_key_ms;
    this.#last_key_ms = event.timeStamp;
    if (event.key === "Shift") return null;
    if (event.key === "Enter") return this.#end(gap_ms);
    const is_character = [...event.key].length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!is_character || gap_ms > SCAN_STALL_MS_MAX) this.forget();
    if (!is_character) return null;
    this.#characters += event.key;
    this.#fast_count = gap_ms <= SCAN_GAP_MS_MAX ? this.#fast_count + 1 : 1;
    return null;
  }

  #end(gap_ms) {
    const is_scan = gap_ms <= SCAN_GAP_MS_MAX && this.#fast_count >= SCAN_CHARACTERS_MIN;
    const scanned = is_scan ? this.#characters : null;
    this.forget();
    return scanned;
  }
}

/**
 * Take "3*code" apart: {quantity_thousandths, quantity_text, query}. Without a star the quantity is one.
 * The quantity is null when what stands before the star is none, or is zero.
 */
export function parseEntry(text) {
  const plain = plainText(text);
  const match = /^([\d.]*)\s*[*×](.*)$/.exec(plain);
  if (!match) return { quantity_thousandths: ONE_THOUSANDTHS, quantity_text: null, query: plain };
  const quantity_thousandths = parseQuantity(match[1]) || null;
  return { quantity_thousandths, quantity_text: match[1], query: match[2].trim() };
}

/** The text to look up after a scan: a "3*" typed before it counts, other leftovers in the field do not. */
export function scannedEntry(field_text, scanned) {
  const before = plainText(field_text.slice(0, Math.max(0, field_text.length - scanned.length)));
  return /^[\d.]+\s*[*×]$/.test(before) ? before + scanned : scanned;
}

export function isCouponCode(text) {
  return /^c-/i.test(text);
}

/** What a typed or scanned member entry may be, most likely first: "phone", "card". */
export function memberKinds(text, is_scan) {
  const digits = text.replace(/[\s()-]/g, "");
  if (/^(\+?86)?1[3-9]\d{9}$/.test(digits) || /^\+\d{7,15}$/.test(digits)) return ["phone"];
  if (/^\d{7,15}$/.test(digits)) return is_scan ? ["card", "phone"] : ["phone", "card"];
  return ["card"];
}

export function phoneDigits(text) {
  return text.replace(/[\s()-]/g, "");
}

export class EntryQueue {
  #last = Promise.resolve();
  #onChange;

  constructor(onChange) {
    this.waiting_count = 0;
    this.#onChange = onChange;
  }

  get is_full() {
    return this.waiting_count >= WAITING_ENTRIES_MAX;
  }

  /** Do `task` after the tasks before it; it must deal with its own problems. */
  add(task) {
    this.#count(1);
    this.#last = this.#last.then(task).catch((error) => console.error(error)).then(() => this.#count(-1));
    return this.#last;
  }

  idle() {
    return this.#last;
  }

  #count(difference) {
    this.waiting_count += difference;
    this.#onChange();
  }
}
