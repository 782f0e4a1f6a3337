// Money and counts as text.
// Rule: no floating point; money is an integer of minor units.

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** An integer with its thousands set apart; a minus sign, not a hyphen. */
export function formatCount(count) {
  return count < 0 ? `−${grouped(String(-count))}` : grouped(String(count));
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

/** What is hidden of a card or phone is shown as two stars, however long it is: "*******1714" -> "**1714". */
export function shortMask(masked) {
  return masked.replace(/^\*+/, "**");
}
