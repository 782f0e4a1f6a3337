// The table of stores: one row each, kept from answer to answer, so that only what changed is drawn.

import { formatCount, formatMoney } from "/look/amounts.js";
import { byId, element, icon, putInOrder, redraw, setData, setHidden, setText, setTitle } from "/look/dom.js";

const LOOKS = {
  dark: { kind: "warning", icon: "offline" },
  fenced: { kind: "error", icon: "stop" },
  held: { kind: "note", icon: "held" },
  online: { kind: "done", icon: "online" },
};
const URGENCY = ["dark", "fenced", "held", "online"];
const rows_by_store = new Map();

/** What to say of a store, the most urgent first: `dark`, `fenced`, `held`, or else `online`. */
function conditionsOf(store) {
  const conditions = [];
  if (store.is_dark) conditions.push("dark");
  if (store.state === "fenced" || store.state === "held") conditions.push(store.state);
  return conditions.length > 0 ? conditions : ["online"];
}

function sorted(stores) {
  const rank = (store) => URGENCY.indexOf(conditionsOf(store)[0]);
  return [...stores].sort((a, b) => rank(a) - rank(b) || (a.store < b.store ? -1 : 1));
}

class StoreRow {
  constructor(store_id) {
    const cell = (name, is_number) =>
      element("td", { class: is_number ? `${name} number` : name, "data-testid": `store-${name}` });
    this.name = element("strong");
    this.actor = element("span", { class: "actor" });
    this.head = element("th", { scope: "row" }, this.name, this.actor);
    this.cells = {};
    for (const name of ["state", "contact"]) this.cells[name] = cell(name, false);
    for (const name of ["cursor", "lag", "feed-lag", "receipts", "net"]) this.cells[name] = cell(name, true);
    this.node = element(
      "tr", { "data-testid": "store", "data-store": store_id }, this.head, ...Object.values(this.cells),
    );
  }

  /** Narrow screens show each cell with the name of its column. */
  label(language) {
    for (const [name, cell] of Object.entries(this.cells)) setData(cell, "label", language.text(`stores.${name}`));
  }

  draw(store, { view, language }) {
    setText(this.name, store.name);
    setTitle(this.head, store.name);
    setText(this.actor, store.actor ?? store.store);
    this.#drawState(store, language);
    setText(this.cells.contact, language.ago(store.last_contact_ms, view.now_ms));
    setTitle(this.cells.contact, store.last_contact_ms === null ? "" : language.moment(store.last_contact_ms));
    setText(this.cells.cursor, formatCount(store.cursor));
    setText(this.cells.lag, formatCount(store.lag_entries));
    setData(this.cells.lag, "behind", store.lag_entries > 0);
    setText(this.cells["feed-lag"], formatCount(store.feed_lag));
    setData(this.cells["feed-lag"], "behind", store.feed_lag > 0);
    setText(this.cells.receipts, formatCount(store.receipts_count));
    setText(this.cells.net, formatMoney(store.net_minor, view.currency));
    this.label(language);
  }

  #drawState(store, language) {
    const conditions = conditionsOf(store);
    const is_new = store.last_contact_ms === null;
    const words = conditions.map((one) => language.text(`state.${one === "dark" && is_new ? "never" : one}`));
    const shown = conditions.includes("fenced") ? "fenced" : conditions[0];
    setData(this.node, "condition", shown);
    setTitle(this.cells.state, conditions.map((one) => language.text(`state.${one}.title`)).join("\n"));
    redraw(this.cells.state, [shown, words], () => [
      element("span", { class: "badge", "data-kind": LOOKS[shown].kind }, icon(LOOKS[shown].icon), words.join(" · ")),
    ]);
  }
}

export function drawStores({ view, language }) {
  const stores = sorted(view.stores);
  const nodes = stores.map((store) => {
    if (!rows_by_store.has(store.store)) rows_by_store.set(store.store, new StoreRow(store.store));
    const row = rows_by_store.get(store.store);
    row.draw(store, { view, language });
    return row.node;
  });
  putInOrder(byId("stores"), nodes);
  const is_cut = view.totals.stores > stores.length;
  const counts = { shown: formatCount(stores.length), total: formatCount(view.totals.stores) };
  setText(byId("stores-note"), is_cut ? language.text("stores.note.cut", counts) : language.text("stores.note"));
  setHidden(byId("stores-empty"), stores.length > 0);
}
