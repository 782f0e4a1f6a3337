// One store at a time: its till, to sell on, and the paper that comes out of its printer.
// Rule: a till is opened when its store is first chosen, and stays open, so that what was begun on it is not lost; a
// look brings at most one picture, of the chosen store, however much is sold: the demo draws them while customers shop.

import { byId, element, setHidden, setText } from "/look/dom.js";
import { Language } from "/look/language.js";
import { drawThemeSwitch, onSystemTheme, switchTheme } from "/look/theme.js";
import { PaperRoll } from "./paper_roll.js";
import { TEXTS } from "./texts.js";
import { TillScreen } from "./till_screen.js";

const LOOK_EVERY_MS = 500;
const ANSWER_WITHIN_MS = 10_000;

const language = new Language(TEXTS);
const tabs = new Map();  // store -> its tab
const opened = new Map();  // store -> its till and its paper, once it was chosen
let chosen = null;
let answer = null;
let is_gone = false;

/** The till page in the language of this one; both can be changed apart from one another afterwards. */
function tillAddress(row) {
  return `${row.till}?lang=${language.code}`;
}

function makeTab(store) {
  const name = element("span");
  const count = element("span", { class: "badge", "data-testid": `count-${store}` });
  const button = element("button", { type: "button", "data-testid": `tab-${store}` }, name, count);
  button.addEventListener("click", () => choose(store));
  byId("tabs").append(button);
  return { button, name, count };
}

function open(row) {
  const screen = new TillScreen(row.store, tillAddress(row));
  const paper = new PaperRoll(row.store);
  const panel = element("section", { class: "store", "data-testid": `store-${row.store}` }, screen.element, paper.element);
  byId("stores").append(panel);
  return { panel, screen, paper };
}

function choose(store) {
  chosen = store;
  draw();
  opened.get(store).screen.focus();
}

function drawTab(row) {
  if (!tabs.has(row.store)) tabs.set(row.store, makeTab(row.store));
  const { button, name, count } = tabs.get(row.store);
  button.setAttribute("aria-pressed", String(row.store === chosen));
  setText(name, row.name);
  setText(count, language.text("store.count", { count: row.printed_count }));
}

function drawChosen(row) {
  if (!opened.has(row.store)) opened.set(row.store, open(row));
  const { panel, screen, paper } = opened.get(row.store);
  for (const other of opened.values()) setHidden(other.panel, other.panel !== panel);
  panel.setAttribute("aria-label", row.name);
  screen.draw(language.text("till.title", { name: row.name }));
  paper.draw(row, language);
  if (byId("open-till").href !== tillAddress(row)) byId("open-till").href = tillAddress(row);
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
    drawTab(row);
    if (row.store === chosen) drawChosen(row);
  }
}

async function ask() {
  try {
    const response = await fetch("/api/printers", { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    answer = await response.json();
    is_gone = false;
  } catch {
    is_gone = true;
  }
}

async function look() {
  await ask();
  chosen ??= answer?.stores[0]?.store ?? null;
  draw();
  const row = answer?.stores.find(({ store }) => store === chosen);
  if (!is_gone && row !== undefined) {
    await opened.get(row.store).paper.takeUpOne(row, answer.no_pictures === null);
    draw();
  }
  setTimeout(look, LOOK_EVERY_MS);
}

byId("language-switch").addEventListener("click", () => { language.switchToOther(); draw(); });
byId("theme-switch").addEventListener("click", () => { switchTheme(); draw(); });
onSystemTheme(draw);
draw();
look();
