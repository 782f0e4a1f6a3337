// Money and counts as text.
// Rule: no floating point; money is an integer of minor units.

function grouped(digits) {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** An integer with its thousands set apart; a minus sign, not a hyphen. */
export function formatCount(count) {
  return count < 0 ? `−${grouped(String(-count))}` : grouped(String(count));
}

/** An amount as shown: 17350 -> "¥173.50", -200 -> "−¥2.00". */
export function formatMoney(amount_minor, currency) {
  const digits = String(Math.abs(amount_minor)).padStart(currency.decimals + 1, "0");
  const split_at = digits.length - currency.decimals;
  const fraction = currency.decimals === 0 ? "" : `.${digits.slice(split_at)}`;
  return `${amount_minor < 0 ? "−" : ""}${currency.symbol}${grouped(digits.slice(0, split_at))}${fraction}`;
}
