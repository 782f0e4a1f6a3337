// What comes out of the printers, newest first.
// Rule: a second brings at most one picture per store, however much is sold: the demo draws them while customers shop.

import { byId, element, putInOrder, redraw, setHidden, setText } from "/look/dom.js";
import { Language } from "/look/language.js";
import { drawThemeSwitch, onSystemTheme, switchTheme } from "/look/theme.js";
import { TEXTS } from "./receipts_texts.js";

const LOOK_EVERY_MS = 1000;
const SHOWN_MAX = 12;

const language = new Language(TEXTS);
const stores = new Map();  // store -> its elements and the receipts shown, by number
let answer = null;
let is_gone = false;

function storeElements(store) {
  const title = element("h2");
  const count = element("span", { class: "quiet", "data-testid": `count-${store}` });
  const till = element("a", { class: "to-till filled", target: "_blank", rel: "noopener", "data-testid": `till-${store}` });
  const roll = element("div", { class: "roll", tabindex: "0", role: "group", "data-testid": `roll-${store}` });
  const nothing = element("p", { class: "nothing" });
  const card = element("section", { class: "card store", "data-testid": `store-${store}` },
    element("div", { class: "store-bar" }, title, count, element("span", { class: "spring" }), till),
    element("div", { class: "slot" }), roll);
  return { card, title, count, till, roll, nothing, receipts: new Map() };
}

function receiptElement(store, receipt) {
  const path = `/receipts/${encodeURIComponent(store)}/${receipt.number}.png`;
  const paper = answer.no_pictures === null
    ? element("img", { src: path, alt: receipt.text })
    : element("pre", {}, receipt.text);
  return element("figure", { class: "receipt", "data-testid": "receipt", "data-number": receipt.number },
    paper, element("figcaption"));
}

function drawCaption(figure, receipt) {
  redraw(figure.lastChild, [receipt.number, receipt.drawer, language.code], () => [
    element("span", {}, language.text("receipt.number", { number: receipt.number })),
    receipt.drawer && element("span", { class: "badge" }, language.text("receipt.drawer")),
  ]);
}

/** Take up the newest receipt that is not shown yet; older ones follow, one a second, while nothing newer comes. */
async function takeUpOne(row, parts) {
  const next = row.receipts.find((receipt) => !parts.receipts.has(receipt.number));
  if (next === undefined) return;
  const figure = receiptElement(row.store, next);
  await figure.querySelector("img")?.decode();  // paper appears whole, not as an empty frame
  parts.receipts.set(next.number, { receipt: next, figure });
  const numbers = [...parts.receipts.keys()].sort((one, other) => other - one);
  for (const number of numbers.slice(SHOWN_MAX)) parts.receipts.delete(number);
}

function drawStore(row, parts) {
  setText(parts.title, row.name);
  setText(parts.count, language.text(row.plugged ? "store.count" : "store.unplugged", { count: row.printed_count }));
  setText(parts.till, language.text("store.till"));
  if (parts.till.href !== row.till) parts.till.href = row.till;
  parts.roll.setAttribute("aria-label", language.text("store.roll", { name: row.name }));
  setText(parts.nothing, language.text("store.nothing"));
  const shown = [...parts.receipts.values()].sort((one, other) => other.receipt.number - one.receipt.number);
  for (const { receipt, figure } of shown) drawCaption(figure, receipt);
  putInOrder(parts.roll, shown.length > 0 ? shown.map(({ figure }) => figure) : [parts.nothing]);
}

function draw() {
  language.applyTo(document);
  language.nameOtherOn(byId("language-switch"));
  drawThemeSwitch(byId("theme-switch"), language);
  const notice = is_gone ? "page.gone" : answer?.no_pictures ? "page.no_pictures" : null;
  setHidden(byId("notice"), notice === null);
  if (notice !== null) setText(byId("notice"), language.text(notice));
  if (answer === null) return;
  for (const row of answer.stores) {
    if (!stores.has(row.store)) {
      stores.set(row.store, storeElements(row.store));
      byId("stores").append(stores.get(row.store).card);
    }
    drawStore(row, stores.get(row.store));
  }
}

async function look() {
  try {
    const response = await fetch("/api/printers", { signal: AbortSignal.timeout(10 * LOOK_EVERY_MS) });
    answer = await response.json();
    is_gone = false;
    draw();  // makes the stores' elements at the first look
    for (const row of answer.stores) await takeUpOne(row, stores.get(row.store));
  } catch {
    is_gone = true;
  }
  draw();
  setTimeout(look, LOOK_EVERY_MS);
}

byId("language-switch").addEventListener("click", () => { language.switchToOther(); draw(); });
byId("theme-switch").addEventListener("click", () => { switchTheme(); draw(); });
onSystemTheme(draw);
draw();
look();
