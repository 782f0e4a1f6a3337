// What may be paid, and with what.
// Rule: only cash may exceed what is due; points are spent up to what can be spent here now.

export const TENDER_KINDS = ["cash", "card", "points"];

export function paidMinor(tenders) {
  return tenders.reduce((sum_minor, tender) => sum_minor + tender.amount_minor, 0);
}

/** The part of `amount_minor` that is whole points. */
function wholePointsMinor(amount_minor, programme) {
  const point_minor = programme.point_value_minor > 0 ? programme.point_value_minor : 1;
  return Math.max(0, amount_minor - (amount_minor % point_minor));
}

/**
 * What points may pay of `due_minor`: `here_minor` can be spent here now; up to `most_minor` may be tried, for the node
 * asks the hub for more when it is online.
 */
export function pointsReach({ status, sale }, due_minor) {
  const member = sale.priced?.member ?? null;
  const programme = status?.programme ?? null;
  if (member === null || programme === null) return { here_minor: 0, most_minor: 0 };
  const here_minor = wholePointsMinor(Math.min(member.spendable_here_minor, due_minor), programme);
  const balance_minor = (member.balance_points ?? 0) * programme.point_value_minor;
  const asked_minor = status.online ? wholePointsMinor(Math.min(balance_minor, due_minor), programme) : 0;
  return { here_minor, most_minor: Math.max(here_minor, asked_minor) };
}

/** Why points cannot be chosen, as the end of a `tender.points.…` key; null when they can. */
export function pointsRefusal(till, tenders, due_minor) {
  const member = till.sale.priced?.member ?? null;
  if (member === null) return "no-member";
  if (tenders.some((tender) => tender.kind === "points")) return "used";
  if (pointsReach(till, due_minor).most_minor > 0) return null;
  const has_balance = member.balance_points === null || member.balance_points > 0;
  if (!has_balance || member.spendable_here_points > 0) return "none";
  return till.status?.online ? "held-elsewhere" : "offline";
}

/** The problem with an amount typed for a tender as {code, fields}, or null when it will do. */
export function amountProblem(kind, amount_minor, { due_minor, most_minor }) {
  if (amount_minor === null || amount_minor <= 0) return { code: "amount-invalid", fields: {} };
  if (kind === "points" && amount_minor > Math.min(most_minor, due_minor)) {
    return { code: "points-too-many", fields: { most_minor } };
  }
  if (kind !== "cash" && amount_minor > due_minor) return { code: "amount-too-large", fields: { due_minor } };
  return null;
}

/** Add a tender; one of the same kind grows instead. */
export function withTender(tenders, kind, amount_minor) {
  const before = tenders.find((tender) => tender.kind === kind);
  if (!before) return [...tenders, { kind, amount_minor }];
  const grown = { kind, amount_minor: before.amount_minor + amount_minor };
  return tenders.map((tender) => (tender === before ? grown : tender));
}
