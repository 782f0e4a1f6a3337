// Problems as two sentences in the page's language: the cause and the next step.
// Rule: `code` and `reason_code` choose the sentences; the node's own words stand in only where there is none.

import { formatCount, formatMoney } from "./amounts.js";

/** The typed fields of a problem as texts: *_minor as money, other numbers grouped. */
function shownFields(fields, currency) {
  const shown = {};
  for (const [name, value] of Object.entries(fields)) {
    const is_money = typeof value === "number" && name.endsWith("_minor");
    if (is_money) shown[name.slice(0, -"_minor".length)] = formatMoney(value, currency);
    else if (typeof value === "number") shown[name] = formatCount(value);
    else if (typeof value === "string") shown[name] = value;
  }
  return shown;
}

export function couponReason(coupon, language) {
  const known = coupon.reason_code ? language.firstText([`coupon.reason.${coupon.reason_code}`]) : null;
  return known ?? coupon.reason ?? language.text("coupon.reason.other");
}

/** Give {cause, next} for a problem of the node or of the page. */
export function describeProblem(problem, { language, currency, limits }) {
  const { code, fields } = problem;
  const values = {
    quantity_max: limits?.quantity_max,
    points: formatCount(fields.spendable_here_points ?? 0),
    ...shownFields(fields, currency),
  };
  if (code === "coupon-refused") values.reason = couponReason({ ...fields, reason: fields.detail }, language);
  const cause = language.firstText([`problem.${code}.${fields.reason_code}`, `problem.${code}`], values);
  const next = language.firstText([`problem.${code}.next.${fields.reason_code}`, `problem.${code}.next`], values);
  return {
    cause: cause ?? fields.detail ?? fields.title ?? language.text("problem.unexpected"),
    next: next ?? fields.next_step ?? language.text("problem.unexpected.next"),
  };
}
