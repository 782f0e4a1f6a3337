// The console: asks the hub once a second and draws what it says.
// Rule: the page computes nothing but how to show things; what stands there is the hub's last answer, and says of when.

import { byId, element, icon, redraw, setData, setText } from "./dom.js";
import { Language } from "./language.js";
import { LIVE, SILENT, pollLive } from "./live.js";
import { drawReceipts } from "./receipts_list.js";
import { drawStores } from "./stores_table.js";
import { drawTotals } from "./totals.js";

const STARTING = "starting";

const page = {
  state: STARTING,
  view: null,
  language: new Language({
    storage: window.localStorage,
    url_search: window.location.search,
    browser_language: window.navigator.language,
  }),
};

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
  const icon_name = [STARTING, LIVE].includes(page.state) ? page.state : SILENT;
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
  const button = byId("language-switch");
  setText(button, language.text("page.switch"));
  button.lang = language.other_locale;
  draw();
}

byId("language-switch").addEventListener("click", () => {
  page.language.switchTo(page.language.other_code);
  applyLanguage();
});

applyLanguage();
pollLive(({ state, view }) => {
  page.state = state;
  page.view = view ?? page.view;
  draw();
});
