// Money, quantities and points as text and back.
// Rule: no floating point; money is an integer of minor units, a quantity an integer of thousandths.

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

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** The amount as digits only, as a cashier would type it: 17350 -> "173.50". */
export function moneyDigits(amount_minor, currency) {
  const digits = String(Math.abs(amount_minor)).padStart(currency.decimals + 1, "0");
  const sign = amount_minor < 0 ? "-" : "";
  if (currency.decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -currency.decimals)}.${digits.slice(-currency.decimals)}`;
}

/** The amount as shown: 1735000 -> "¥17,350.00"; a minus sign stands before the symbol. */
export function formatMoney(amount_minor, currency) {
  const [major, minor] = moneyDigits(Math.abs(amount_minor), currency).split(".");
  const sign = amount_minor < 0 ? "−" : "";
  return sign + currency.symbol + grouped(major) + (minor === undefined ? "" : `.${minor}`);
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

export function formatCount(count) {
  return count < 0 ? `−${grouped(String(-count))}` : grouped(String(count));
}
