// Money and quantities typed at the till, and quantities as text; how money and counts are shown stands in the look.
// Rule: no floating point; money is an integer of minor units, a quantity an integer of thousandths.

export { formatCount, formatMoney, moneyDigits, shortMask } from "/look/amounts.js";

const QUANTITY_DECIMALS = 3;
const QUANTITY_SCALE = 10 ** QUANTITY_DECIMALS;
const QUICK_AMOUNTS_MAX = 5;
// Notes a customer hands over, in major units; a currency without decimals counts in larger ones.
const NOTES_MAJOR = [1, 5, 10, 20, 50, 100];
const NOTES_MAJOR_WITHOUT_DECIMALS = [100, 500, 1000, 5000, 10000];

/** Full-width digits and signs (a Chinese input method left on) become plain ones. */
export function plainText(text) {
  return text.normalize("NFKC").trim();
}

/** Minor units of a typed amount, or null when it is not one ("12", "12.5" and "1,200.50" are). */
export function parseMoney(text, currency) {
  const plain = plainText(text).replace(currency.symbol, "").replace(/[,\s]/g, "");
  const match = /^(\d{1,12})(?:\.(\d*))?$/.exec(plain);
  if (!match) return null;
  const minor_digits = match[2] ?? "";
  if (minor_digits.length > currency.decimals) return null;
  return Number(match[1] + minor_digits.padEnd(currency.decimals, "0"));
}

/** Amounts a customer is likely to hand over for `due_minor`: the exact one first, then rising. */
export function quickAmounts(due_minor, currency) {
  const notes_major = currency.decimals === 0 ? NOTES_MAJOR_WITHOUT_DECIMALS : NOTES_MAJOR;
  const amounts_minor = new Set([due_minor]);
  for (const note_major of notes_major) {
    const note_minor = note_major * 10 ** currency.decimals;
    amounts_minor.add(Math.ceil(due_minor / note_minor) * note_minor);
  }
  return [...amounts_minor].sort((a, b) => a - b).slice(0, QUICK_AMOUNTS_MAX);
}

/** Thousandths of a quantity written as a decimal ("3", "0.735"), or null when it is not one. */
export function parseQuantity(text) {
  const match = /^(\d{1,9})(?:\.(\d{1,3})0*)?$/.exec(plainText(text));
  if (!match) return null;
  return Number(match[1] + (match[2] ?? "").padEnd(QUANTITY_DECIMALS, "0"));
}

/** The quantity as a decimal without trailing zeros: 3000 -> "3", 735 -> "0.735". */
export function formatQuantity(quantity_thousandths) {
  const whole = Math.floor(quantity_thousandths / QUANTITY_SCALE);
  const rest = String(quantity_thousandths % QUANTITY_SCALE).padStart(QUANTITY_DECIMALS, "0").replace(/0+$/, "");
  return rest === "" ? String(whole) : `${whole}.${rest}`;
}

/** A quantity of the node as shown, without trailing zeros; text that is none stays as it is. */
export function shownQuantity(text) {
  const quantity_thousandths = parseQuantity(text);
  return quantity_thousandths === null ? text : formatQuantity(quantity_thousandths);
}

export const ONE_THOUSANDTHS = QUANTITY_SCALE;
