// The digits to press where no keyboard is: an amount by touch.
// Rule: a key writes into the one field as the keyboard would, in place of what is selected there.

import { element, icon } from "/look/dom.js";

export const ERASE = "erase";
const ROWS = [["7", "8", "9"], ["4", "5", "6"], ["1", "2", "3"], ["0", ".", ERASE]];

/** The keys; an amount without decimals has no use for the point. */
export function amountKeys(language, currency) {
  const keys = ROWS.flat().map((key) => element("button", {
    type: "button", "data-action": "amount-key", "data-key": key, "data-testid": `amount-key-${key}`, tabindex: "-1",
    disabled: key === "." && currency.decimals === 0, "aria-label": key === ERASE ? language.text("pay.erase") : null,
  }, key === ERASE ? icon("erase") : key));
  return element("div", { class: "amount-keys", role: "group", "aria-label": language.text("pay.digits") }, ...keys);
}
