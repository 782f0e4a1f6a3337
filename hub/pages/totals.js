// The totals: one tile each, always there and always as large.

import { formatCount, formatMoney } from "/look/amounts.js";
import { byId, element, icon, redraw, setData } from "/look/dom.js";

function drawFigure(id, text) {
  const node = byId(id);
  if (node.textContent === text) return;
  node.textContent = text;
  node.style.setProperty("--characters", text.length);
}

function storesNote(totals, language) {
  if (totals.stores === 0) return ["none", language.text("totals.none")];
  if (totals.dark === 0) return ["online", language.text("totals.all-heard")];
  return ["dark", language.text("totals.dark", { count: formatCount(totals.dark) })];
}

export function drawTotals({ view, language }) {
  const { totals, currency } = view;
  drawFigure("total-stores", formatCount(totals.stores));
  drawFigure("total-members", formatCount(totals.members));
  drawFigure("total-receipts", formatCount(totals.receipts));
  drawFigure("total-net", formatMoney(totals.net_minor, currency));
  drawFigure("total-points", formatCount(totals.points_balance));
  drawFigure("total-alarms", formatCount(totals.alarms));

  const [state, words] = storesNote(totals, language);
  const note = byId("total-dark");
  setData(note, "state", state);
  redraw(note, [state, words], () => [state === "none" ? null : icon(state === "dark" ? "offline" : state), element("span", {}, words)]);

  const quarantined = language.text("totals.quarantined", { count: formatCount(totals.quarantined) });
  const dead_letters = language.text("totals.dead-letters", { count: formatCount(totals.dead_letters) });
  setData(byId("incidents"), "state", totals.quarantined > 0 ? "waiting" : "calm");
  redraw(byId("incident-notes"), [quarantined, dead_letters, totals.quarantined > 0], () => [
    totals.quarantined > 0 ? icon("held") : null,
    element("a", { href: "/api/quarantine", "data-testid": "quarantined" }, quarantined),
    element("a", { href: "/api/dead-letters", "data-testid": "dead-letters" }, dead_letters),
  ]);
}
