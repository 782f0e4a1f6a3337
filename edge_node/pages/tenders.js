// What may be paid, and with what.
// Rule: only cash may exceed what is due; points are spent up to what can be spent here now.

export const TENDER_KINDS = ["cash", "card", "points"];

export function paidMinor(tenders) {
  return tenders.reduce((sum_minor, tender) => sum_minor + tender.amount_minor, 0);
}

/** The most that points may pay of `due_minor`, in whole points. */
export function pointsUpToMinor(member, programme, due_minor) {
  if (!member || !programme) return 0;
  const up_to_minor = Math.min(member.spendable_here_minor, due_minor);
  const point_minor = programme.point_value_minor > 0 ? programme.point_value_minor : 1;
  return Math.max(0, up_to_minor - (up_to_minor % point_minor));
}

/** Why points cannot be chosen, as the end of a `tender.points.…` key; null when they can. */
export function pointsRefusal({ status, sale }, tenders, due_minor) {
  const member = sale.priced?.member ?? null;
  if (member === null) return "no-member";
  if (tenders.some((tender) => tender.kind === "points")) return "used";
  if (pointsUpToMinor(member, status?.programme, due_minor) > 0) return null;
  const has_balance = member.balance_points === null || member.balance_points > 0;
  if (!has_balance || member.spendable_here_points > 0) return "none";
  return status?.online ? "held-elsewhere" : "offline";
}

/** The problem with an amount typed for a tender as {code, fields}, or null when it will do. */
export function amountProblem(kind, amount_minor, { due_minor, spendable_minor }) {
  if (amount_minor === null || amount_minor <= 0) return { code: "amount-invalid", fields: {} };
  if (kind === "points" && amount_minor > spendable_minor) {
    return { code: "points-too-many", fields: { spendable_minor } };
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
