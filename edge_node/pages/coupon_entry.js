// Coupons on this sale: entering a code, choosing one of the member's, taking one off.

import { plainText } from "./amounts.js";
import { CHOICES_MAX } from "./choices.js";
import { couponName, couponTerms, couponUsability } from "./panels.js";

function memberCoupons(till) {
  return till.sale.priced?.member?.coupons ?? [];
}

/** Coupon codes are in capitals; a cashier may type small letters. */
function couponCode(text) {
  return plainText(text).toUpperCase();
}

function tellOutcome(till, code, priced) {
  const coupon = priced.coupons.find((candidate) => candidate.code === code);
  if (!coupon) return;
  if (coupon.applied) {
    till.message.note("note.coupon-applied", { name: couponName(coupon, till), amount: till.money(coupon.discount_minor) });
  } else if (coupon.missing_minor !== null && coupon.missing_minor !== undefined) {
    till.message.refuse("coupon-short", { code, missing_minor: coupon.missing_minor }, "warning");
  } else {
    till.message.refuse("coupon-refused", { code, reason_code: coupon.reason_code, detail: coupon.reason });
  }
}

/**
 * Put a coupon on the sale. One that is refused stays in the basket with its reason until it is taken off; one of the
 * member's that cannot be used here now is not put there at all.
 */
export function addCoupon(till, text) {
  const code = couponCode(text);
  till.message.clear();
  const of_member = memberCoupons(till).find((coupon) => coupon.code === code);
  if (of_member && couponUsability(of_member, till).kind === "warning") {
    const { reason_code, reason: detail } = of_member;
    till.message.refuse("coupon-refused", { code, reason_code, detail });
    return;
  }
  till.change((basket) => {
    if (!basket.coupons.includes(code)) basket.coupons.push(code);
  }, (priced) => tellOutcome(till, code, priced));
}

export function removeCoupon(till, code) {
  till.message.clear();
  till.change((basket) => {
    basket.coupons = basket.coupons.filter((candidate) => candidate !== code);
  }, () => till.message.note("note.coupon-removed", { code }));
}

/** The codes of `coupons` without those of the member now on the sale, who is about to leave it. */
export function withoutMemberCoupons(till, coupons) {
  return coupons.filter((code) => !memberCoupons(till).some((coupon) => coupon.code === code));
}

/** The coupons on this sale, then the member's others, whose code or title holds `text`. */
export function couponChoices(till, text) {
  const { sale, language } = till;
  const on_sale = sale.wanted.coupons.map((code) => ({
    code, title: code, detail: "", note: { kind: "done", words: language.text("coupon.in-basket") }, is_on_sale: true,
    take() {},
  }));
  const others = memberCoupons(till).filter((coupon) => !sale.wanted.coupons.includes(coupon.code)).map((coupon) => ({
    code: coupon.code,
    title: couponName(coupon, till),
    detail: `${couponTerms(coupon, till)} · ${coupon.code}`,
    note: couponUsability(coupon, till),
    take: () => addCoupon(till, coupon.code),
  }));
  const wanted = plainText(text).toLowerCase();
  const isWanted = (choice) => `${choice.code} ${choice.title}`.toLowerCase().includes(wanted);
  return [...on_sale, ...others].filter(isWanted).slice(0, CHOICES_MAX);
}
