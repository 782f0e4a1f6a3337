// The totals: one tile each, always there and always as large.

import { formatCount, formatMoney } from "./amounts.js";
import { byId, element, icon, redraw, setData, setText } from "./dom.js";

function storesNote(totals, language) {
  if (totals.stores === 0) return ["none", language.text("totals.none")];
  if (totals.dark === 0) return ["online", language.text("totals.all-heard")];
  return ["dark", language.text("totals.dark", { count: formatCount(totals.dark) })];
}

export function drawTotals({ view, language }) {
  const { totals, currency } = view;
  setText(byId("total-stores"), formatCount(totals.stores));
  setText(byId("total-members"), formatCount(totals.members));
  setText(byId("total-receipts"), formatCount(totals.receipts));
  setText(byId("total-net"), formatMoney(totals.net_minor, currency));
  setText(byId("total-points"), formatCount(totals.points_balance));
  setText(byId("total-alarms"), formatCount(totals.alarms));

  const [state, words] = storesNote(totals, language);
  const note = byId("total-dark");
  setData(note, "state", state);
  redraw(note, [state, words], () => [state === "none" ? null : icon(state), element("span", {}, words)]);

  const quarantined = language.text("totals.quarantined", { count: formatCount(totals.quarantined) });
  const dead_letters = language.text("totals.dead-letters", { count: formatCount(totals.dead_letters) });
  setData(byId("incidents"), "state", totals.quarantined > 0 ? "waiting" : "calm");
  redraw(byId("incident-notes"), [quarantined, dead_letters, totals.quarantined > 0], () => [
    totals.quarantined > 0 ? icon("held") : null,
    element("a", { href: "/api/quarantine", "data-testid": "quarantined" }, quarantined),
    element("a", { href: "/api/dead-letters", "data-testid": "dead-letters" }, dead_letters),
  ]);
}
