// The panel of lag over time: asks the hub every five seconds, draws the plot, reads out the look pointed at.
// Rule: what can be seen by pointing can be read with the arrow keys, and the sentence above says the most of it.

import { byId, element, icon, redraw, setText } from "/look/dom.js";
import { drawPlot, lookAt, plotFrame } from "./lag_plot.js";

const POLL_EVERY_MS = 5000;
const POLL_TIMEOUT_MS = 4000;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: 12, PageDown: -12, Home: -Infinity, End: Infinity };

export class LagPanel {
  #language;
  #plot = byId("lag-plot");
  #view = null;
  #frame = null;
  #pointed_ms = null;
  #is_silent = false;

  constructor(language) {
    this.#language = language;
    new ResizeObserver(() => this.draw()).observe(this.#plot);
    this.#plot.addEventListener("pointermove", (event) => this.#pointTo(event));
    this.#plot.addEventListener("pointerdown", (event) => this.#pointTo(event));
    this.#plot.addEventListener("pointerleave", () => this.#point(null));
    this.#plot.addEventListener("blur", () => this.#point(null));
    this.#plot.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Ask while the page is seen, and at once when it is seen again. */
  poll() {
    let is_asking = false;
    const ask = async () => {
      if (is_asking || document.hidden) return;
      is_asking = true;
      await this.#askOnce();
      is_asking = false;
    };
    setInterval(ask, POLL_EVERY_MS);
    document.addEventListener("visibilitychange", ask);
    return ask();
  }

  async #askOnce() {
    try {
      const response = await fetch("/api/live/lag", { cache: "no-store", signal: AbortSignal.timeout(POLL_TIMEOUT_MS) });
      if (response.ok) this.#view = await response.json();
      this.#is_silent = !response.ok;
    } catch {
      this.#is_silent = true;
    }
    this.draw();
  }

  get #is_empty() {
    return this.#view === null || this.#view.worst.length === 0;
  }

  get #pointed_index() {
    if (this.#pointed_ms === null || this.#is_empty) return null;
    const index = this.#view.at_ms.indexOf(this.#pointed_ms);
    return index < 0 ? null : index;
  }

  #point(index) {
    this.#pointed_ms = index === null ? null : this.#view.at_ms[index];
    this.draw();
  }

  #pointTo(event) {
    if (this.#is_empty) return;
    this.#point(lookAt(this.#view, this.#frame, event.clientX - this.#plot.getBoundingClientRect().left));
  }

  #key(event) {
    const step = STEPS[event.key];
    if (step === undefined || this.#is_empty) return;
    event.preventDefault();
    const last = this.#view.at_ms.length - 1;
    this.#point(Math.min(Math.max((this.#pointed_index ?? last) + step, 0), last));
  }

  draw() {
    this.#drawSummary();
    this.#drawLegend();
    const { clientWidth: width, clientHeight: height } = this.#plot;
    const index = this.#pointed_index;
    const is_drawn = !this.#is_empty && width > 0;
    redraw(this.#plot, [this.#view, width, height, this.#language.code, index], () => {
      if (!is_drawn) return [];
      this.#frame = plotFrame(this.#view, width, height);
      return [drawPlot(this.#view, this.#frame, this.#language, index), this.#readout(index)];
    });
    this.#drawValue(index);
  }

  #summary() {
    if (this.#is_silent) return this.#language.text("lag.silent");
    if (this.#is_empty) return this.#language.text("lag.empty");
    const language = this.#language;
    const { stores, median_ms, high_ms, worst } = this.#view;
    const words = [language.text("lag.summary", {
      stores, median: language.duration(median_ms.at(-1)), high: language.duration(high_ms.at(-1)),
    })];
    const longest_ms = worst[0].lags_ms.at(-1);
    if (longest_ms > 0) {
      words.push(language.text("lag.summary.worst", { store: worst[0].name, lag: language.duration(longest_ms) }));
    }
    return words.join(" · ");
  }

  #drawSummary() {
    setText(byId("lag-summary"), this.#summary());
  }

  #nameOf(store) {
    return store.is_dark ? `${store.name} · ${this.#language.text("state.dark")}` : store.name;
  }

  #lagWords(lag_ms) {
    return lag_ms === null ? this.#language.text("lag.none") : this.#language.duration(lag_ms);
  }

  /** The same as a list: read by screen readers everywhere, seen where the plot is too narrow for names. */
  #drawLegend() {
    const rows = this.#is_empty ? [] : this.#view.worst.map((store) => [this.#nameOf(store), store.lags_ms.at(-1), store.is_dark]);
    const has_band = rows.length > 0 && this.#view.stores > rows.length;
    redraw(byId("lag-legend"), [rows, has_band, this.#language.code], () => [
      ...rows.map(([name, lag_ms, is_dark], index) => element("li", {},
        numberMark(index), is_dark ? icon("offline") : null, element("span", {}, name),
        element("strong", {}, this.#lagWords(lag_ms)))),
      has_band ? element("li", {}, element("b", { class: "band-mark" }), this.#language.text("lag.band")) : null,
    ]);
  }

  #readout(index) {
    if (index === null) return null;
    const { at_ms, worst, median_ms, high_ms } = this.#view;
    const language = this.#language;
    const rows = worst.map((store, place) => element("li", {},
      numberMark(place), element("span", {}, store.name), element("strong", {}, this.#lagWords(store.lags_ms[index]))));
    if (this.#frame.has_band) {
      rows.push(element("li", {}, element("span", {}, `${language.text("lag.median")} · 95%`),
        element("strong", {}, `${language.duration(median_ms[index])} · ${language.duration(high_ms[index])}`)));
    }
    const box = element("div", { class: "lag-readout", "data-testid": "lag-readout" },
      element("p", {}, language.text("lag.at", { time: language.time(at_ms[index]) })), element("ul", {}, ...rows));
    const x = this.#frame.x(at_ms[index]);
    box.dataset.side = x > this.#frame.width / 2 ? "left" : "right";
    box.style.setProperty("--x", `${x}px`);
    return box;
  }

  #drawValue(index) {
    if (this.#is_empty) return;
    const { at_ms, worst } = this.#view;
    const last = at_ms.length - 1;
    const shown = index ?? last;
    const words = [this.#language.time(at_ms[shown]),
      ...worst.map((store) => `${store.name} ${this.#lagWords(store.lags_ms[shown])}`)];
    const values = { "aria-valuemax": last, "aria-valuenow": shown, "aria-valuetext": words.join(", ") };
    for (const [name, value] of Object.entries(values)) this.#plot.setAttribute(name, String(value));
  }
}

function numberMark(index) {
  return element("b", { class: `number-mark series-${index + 1}`, "aria-hidden": "true" }, String(index + 1));
}
