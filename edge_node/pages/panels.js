// The panels beside the basket: the member, the coupons of this sale, the totals.
// Rule: a state is shown by an icon and words, never by colour alone.

import { byId, element, icon, redraw, setText } from "/look/dom.js";
import { formatCount, formatMoney, shortMask } from "./amounts.js";
import { couponReason } from "./problems.js";

function heading(words) {
  return element("div", { class: "card-head" }, element("h2", {}, words));
}

function removeButton(action, label, code = null) {
  return element("button", {
    type: "button", class: "remove-button", "data-action": action, "data-code": code, "data-testid": action,
    "aria-label": label, title: label,
  }, icon("remove"));
}

function couponState(kind, words) {
  return element("span", { class: "coupon-state", "data-kind": kind }, icon(kind), words);
}

/** The title of a coupon where the member's list knows it, else its code. */
export function couponName({ code }, { sale, language }) {
  const known = sale.priced?.member?.coupons.find((coupon) => coupon.code === code);
  return (known ? language.pick(known.title_zh, known.title_en) : "") || code;
}

/** What a coupon gives, in words: "¥30.00 off from ¥200.00". */
export function couponTerms(coupon, { language, currency }) {
  const value = formatMoney(coupon.value_minor, currency);
  if (!coupon.threshold_minor) return language.text("coupon.value", { value });
  return language.text("coupon.condition", { value, threshold: formatMoney(coupon.threshold_minor, currency) });
}

/** Whether a coupon of the member can be used here now: {kind, words}. Online, the hub is asked when it is paid with. */
export function couponUsability(coupon, { language, status }) {
  if (coupon.usable_here) return { kind: "done", words: language.text("coupon.usable") };
  if (coupon.reason_code === "held-elsewhere" && status?.online) {
    return { kind: "hint", words: language.text("coupon.asked") };
  }
  return { kind: "warning", words: language.text("coupon.unusable", { reason: couponReason(coupon, language) }) };
}

function memberCoupon(coupon, till) {
  const { language } = till;
  const { kind, words } = couponUsability(coupon, till);
  return element("li", { "data-testid": "member-coupon", "data-code": coupon.code },
    element("span", { class: "coupon-title" }, couponName(coupon, till)),
    element("span", { class: "coupon-terms" }, couponTerms(coupon, till)),
    couponState(kind, words));
}

function memberPoints(member, { language, currency, status }) {
  const as_of = member.as_of_ms === null ? language.text("connection.no-contact")
    : language.text("member.as-of", { time: language.time(member.as_of_ms, status?.now_ms ?? member.as_of_ms) });
  const balance = language.text(member.balance_points === null ? "member.balance.unknown" : "member.balance",
    { points: formatCount(member.balance_points ?? 0) });
  const spendable = language.text("member.spendable.value", {
    points: formatCount(member.spendable_here_points), amount: formatMoney(member.spendable_here_minor, currency),
  });
  return element("div", { class: "member-points" },
    element("p", {}, language.text("member.spendable")),
    element("p", { class: "member-spendable", "data-testid": "member-spendable" }, spendable),
    element("p", {}, element("span", { "data-testid": "member-balance" }, balance), " · ",
      element("span", { "data-testid": "member-as-of" }, as_of)));
}

function memberShown(member, till) {
  const { language } = till;
  const name = member.name || language.text("member.unnamed");
  const identity = [member.phone_masked, member.card_masked].filter(Boolean).map(shortMask).join("  ");
  return [
    element("div", { class: "card-head member-head" }, icon("member"),
      element("h2", { class: "member-name", "data-testid": "member-name" }, name),
      removeButton("remove-member", language.text("member.remove"))),
    element("p", { class: "quiet", "data-testid": "member-identity" }, identity),
    member.whole ? null : element("p", { class: "provisional" }, icon("warning"), language.text("member.provisional")),
    memberPoints(member, till),
  ];
}

export function drawMember(till) {
  const { sale, language, currency, status } = till;
  const member = sale.priced?.member ?? null;
  redraw(byId("member"), [member, language.code, currency, status === null], () => {
    if (member !== null) return memberShown(member, till);
    return [
      element("div", { class: "card-head member-head", "data-testid": "member-none" }, icon("member"),
        element("h2", {}, language.text("member.none"))),
      element("button", { type: "button", class: "add-key", "data-action": "member", "data-testid": "add-member" },
        icon("more"), language.text("member.none.next"), element("kbd", {}, "F2")),
    ];
  });
}

/** Why a coupon of this sale takes nothing off, or what it still lacks. */
export function couponRefusal(coupon, { language, currency }) {
  if (coupon.missing_minor !== null && coupon.missing_minor !== undefined) {
    return language.text("coupon.more-needed", { amount: formatMoney(coupon.missing_minor, currency) });
  }
  return language.text("coupon.refused", { reason: couponReason(coupon, language) });
}

function saleCoupon(coupon, till) {
  const { language, currency } = till;
  const state = coupon.applied
    ? couponState("done", language.text("coupon.applied", { amount: formatMoney(coupon.discount_minor, currency) }))
    : couponState("warning", couponRefusal(coupon, till));
  return element("li", { "data-testid": "coupon", "data-code": coupon.code, "data-applied": String(coupon.applied) },
    element("div", { class: "coupon-words" }, element("span", { class: "coupon-title" }, couponName(coupon, till)), state),
    removeButton("remove-coupon", language.text("coupon.remove", { code: coupon.code }), coupon.code));
}

function couponList(words, rows) {
  if (rows.length === 0) return [];
  return [heading(words), element("ul", { class: "coupon-list" }, ...rows)];
}

/** The coupons on this sale, then those the member has besides (before the payment: it may have used them). */
export function drawCoupons(till) {
  const { sale, language, currency, status } = till;
  const on_sale = sale.priced?.coupons ?? [];
  const of_member = sale.receipt === null ? sale.priced?.member?.coupons ?? [] : [];
  const others = of_member.filter((coupon) => !on_sale.some(({ code }) => code === coupon.code));
  redraw(byId("coupons"), [on_sale, of_member, language.code, currency, status?.online], () => {
    if (on_sale.length + others.length === 0) {
      return [
        heading(language.text("coupon.none")),
        element("button", { type: "button", class: "add-key", "data-action": "coupon", "data-testid": "add-coupon" },
          icon("more"), language.text("coupon.none.next"), element("kbd", {}, "F3")),
      ];
    }
    return [
      ...couponList(language.text("coupon.label"), on_sale.map((coupon) => saleCoupon(coupon, till))),
      ...couponList(language.text("member.coupons"), others.map((coupon) => memberCoupon(coupon, till))),
    ];
  });
}

function totalsRow(label, value, testid) {
  return element("div", {}, element("dt", {}, label), element("dd", { "data-testid": testid }, value));
}

export function drawTotals(till) {
  const { sale, language, currency, status } = till;
  const priced = sale.priced ?? { gross_minor: 0, discount_minor: 0, tax_minor: 0, total_minor: 0, points_to_earn: 0 };
  const amounts = [priced.gross_minor, priced.discount_minor, priced.tax_minor, priced.points_to_earn];
  const earns = Boolean(status?.programme);
  redraw(byId("totals"), [amounts, language.code, currency, earns], () => [
    totalsRow(language.text("totals.gross"), formatMoney(priced.gross_minor, currency), "gross"),
    totalsRow(language.text("totals.discount"), formatMoney(-priced.discount_minor, currency), "discount"),
    totalsRow(language.text("totals.tax"), formatMoney(priced.tax_minor, currency), "tax"),
    earns ? totalsRow(language.text("totals.points"), formatCount(priced.points_to_earn), "points-to-earn") : null,
  ]);
  setText(byId("total"), formatMoney(priced.total_minor, currency));
  setText(byId("total-state"), till.is_slow ? language.text("totals.updating") : "");
  byId("pay").disabled = till.view !== "sale" || priced.lines === undefined || priced.lines.length === 0;
}
