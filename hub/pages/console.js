// The console: asks the hub once a second and draws what it says.
// Rule: the page computes nothing but how to show things; what stands there is the hub's last answer, and says of when.

import { byId, element, icon, redraw, setData, setText } from "/look/dom.js";
import { drawThemeSwitch, onSystemTheme, switchTheme } from "/look/theme.js";
import { LagPanel } from "./lag_panel.js";
import { ConsoleLanguage } from "./language.js";
import { LIVE, REFUSED, SILENT, pollLive } from "./live.js";
import { drawReceipts } from "./receipts_list.js";
import { drawStores } from "./stores_table.js";
import { drawTotals } from "./totals.js";

const STARTING = "starting";
const STATE_LOOKS = {
  [STARTING]: { kind: "none", icon: "waiting" },
  [LIVE]: { kind: "done", icon: "live" },
  [SILENT]: { kind: "warning", icon: "warning" },
  [REFUSED]: { kind: "warning", icon: "warning" },
};

const page = {
  state: STARTING,
  view: null,
  language: new ConsoleLanguage(),
};
const lag_panel = new LagPanel(page.language);

function connectionNotes() {
  const { state, view, language } = page;
  if (state === STARTING) return [];
  if (state === LIVE) return [language.text("connection.live.note")];
  const as_of = view === null
    ? language.text("connection.nothing-yet")
    : language.text("connection.as-of", { time: language.time(view.now_ms) });
  return [as_of, language.text("connection.retrying")];
}

function drawConnection() {
  const words = page.language.text(`connection.${page.state}`);
  const notes = connectionNotes();
  const strip = byId("connection");
  setData(strip, "state", page.state);
  setData(strip, "kind", STATE_LOOKS[page.state].kind);
  const icon_name = STATE_LOOKS[page.state].icon;
  redraw(strip, [icon_name, words, notes], () => [
    icon(icon_name), element("strong", {}, words), ...notes.map((note) => element("span", {}, note)),
  ]);
}

function drawTitle() {
  const dark = page.view?.totals.dark ?? 0;
  const key = dark > 0 ? "page.title.dark" : "page.title";
  const title = page.language.text(key, { count: dark });
  if (document.title !== title) document.title = title;
}

function draw() {
  drawConnection();
  drawTitle();
  setData(document.body, "stale", ![STARTING, LIVE].includes(page.state));
  if (page.view === null) return;
  setText(byId("clock"), page.language.time(page.view.now_ms));
  drawTotals(page);
  drawStores(page);
  drawReceipts(page);
}

function applyLanguage() {
  const { language } = page;
  language.applyTo(document);
  language.nameOtherOn(byId("language-switch"));
  drawThemeSwitch(byId("theme-switch"), language);
  draw();
  lag_panel.draw();
}

byId("language-switch").addEventListener("click", () => {
  page.language.switchToOther();
  applyLanguage();
});
byId("theme-switch").addEventListener("click", () => {
  switchTheme();
  applyLanguage();
});
onSystemTheme(applyLanguage);

applyLanguage();
lag_panel.poll();
pollLive(({ state, view }) => {
  page.state = state;
  page.view = view ?? page.view;
  draw();
});
