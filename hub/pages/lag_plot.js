// The plot of lag over time, drawn as SVG: axes, the many as a band, the worst by name.
// Rule: a store is told by its number and name, never by colour alone; a dark one has a broken line and the word for it.

import { shape } from "/look/dom.js";
import { lagScale, lagTicks, shownTime, spread, timeScale, timeTicks } from "./lag_scale.js";

const LEFT = 62;
const TOP = 16;
const FOOT = 24;
const LABELS_WIDTH = 190;
const NUMBERS_WIDTH = 24;
const LABELS_FROM_WIDTH = 640;
const LABEL_APART = 19;
const GAP_LOOKS_MAX = 2.5;
const PIXELS_PER_TIME_TICK = 76;

/** What can be drawn of a view in a room of `width` and `height`: the frame and both scales. */
export function plotFrame(view, width, height) {
  const has_labels = width >= LABELS_FROM_WIDTH;
  const right = width - (has_labels ? LABELS_WIDTH : NUMBERS_WIDTH);
  const bottom = height - FOOT;
  const lags_ms = [...view.high_ms, ...view.worst.flatMap(({ lags_ms: all }) => all)];
  const time = shownTime(view);
  return {
    width, height, right, bottom, has_labels, time,
    x: timeScale(time, LEFT, right), y: lagScale(lags_ms, TOP, bottom),
    has_band: view.stores > view.worst.length,
  };
}

/** The look nearest to a place on the plot. */
export function lookAt(view, frame, x) {
  const distances = view.at_ms.map((at_ms) => Math.abs(frame.x(at_ms) - x));
  return distances.indexOf(Math.min(...distances));
}

/** A path through the looks, broken where one is missing. */
function path(view, frame, lags_ms) {
  let is_open = false;
  return lags_ms.map((lag_ms, index) => {
    const gap_ms = index === 0 ? 0 : view.at_ms[index] - view.at_ms[index - 1];
    if (gap_ms > view.every_ms * GAP_LOOKS_MAX) is_open = false;
    if (lag_ms === null) {
      is_open = false;
      return "";
    }
    const command = is_open ? "L" : "M";
    is_open = true;
    return `${command}${frame.x(view.at_ms[index]).toFixed(1)} ${frame.y(lag_ms).toFixed(1)}`;
  }).join("");
}

function axes(frame, language) {
  const { right, bottom } = frame;
  const lag_ticks = lagTicks(frame.y, TOP - 2, 22).flatMap(({ lag_ms, y }) => [
    shape("line", { class: "grid", x1: LEFT, x2: right, y1: y, y2: y }),
    written("tick", LEFT - 8, y + 4, language.duration(lag_ms), "end"),
  ]);
  const count_max = Math.max(2, (right - LEFT) / PIXELS_PER_TIME_TICK);
  const time_ticks = timeTicks(frame.time, count_max).flatMap((at_ms) => [
    shape("line", { class: "tick-mark", x1: frame.x(at_ms), x2: frame.x(at_ms), y1: bottom, y2: bottom + 5 }),
    written("tick", frame.x(at_ms), bottom + 19, language.minute(at_ms), "middle"),
  ]);
  const title = written("axis-title", LEFT + 8, TOP - 3, language.text("lag.axis"), "start");
  return [...lag_ticks, ...time_ticks, title];
}

function written(class_name, x, y, words, anchor) {
  return shape("text", { class: class_name, x, y, "text-anchor": anchor }, words);
}

function band(view, frame, language) {
  if (!frame.has_band) return [];
  const first_x = frame.x(view.at_ms[0]);
  const last_x = frame.x(view.at_ms.at(-1));
  const area = `${path(view, frame, view.high_ms)}L${last_x} ${frame.bottom}L${first_x} ${frame.bottom}Z`;
  const words_x = LEFT + 150;
  const key = [
    shape("rect", { class: "band", x: words_x, y: TOP - 13, width: 16, height: 11 }),
    written("axis-title", words_x + 22, TOP - 3, language.text("lag.band"), "start"),
  ];
  return [
    shape("path", { class: "band", d: area }),
    shape("path", { class: "median", d: path(view, frame, view.median_ms) }),
    ...(frame.has_labels ? key : []),
  ];
}

function lastLag({ lags_ms }) {
  return lags_ms.at(-1) ?? 0;
}

function mark(class_name, x, y, number) {
  return shape("g", { class: class_name },
    shape("circle", { cx: x, cy: y, r: 8.5 }), written("mark-number", x, y + 4, String(number), "middle"));
}

function stores(view, frame, language) {
  const ends = view.worst.map((store) => frame.y(lastLag(store)));
  const places = spread(ends, LABEL_APART, TOP, frame.bottom - 2);
  return view.worst.map((store, index) => {
    const series = `series series-${index + 1}`;
    const mark_x = frame.right + 13;
    return shape("g", { class: series, "data-testid": "lag-line", "data-store": store.store, "data-dark": String(store.is_dark) },
      shape("path", { class: "line", d: path(view, frame, store.lags_ms) }),
      shape("path", { class: "leader", d: `M${frame.right} ${ends[index]}L${mark_x - 8} ${places[index]}` }),
      mark("mark", mark_x, places[index], index + 1),
      frame.has_labels ? label(store, mark_x + 14, places[index] + 4, language) : null);
  });
}

function label(store, x, y, language) {
  const name = [...store.name].length > 9 ? `${[...store.name].slice(0, 8).join("")}…` : store.name;
  const state = store.is_dark ? ` · ${language.text("state.dark")}` : "";
  return shape("text", { class: "label", x, y },
    shape("tspan", { class: "label-name" }, name),
    shape("tspan", { dx: 6 }, language.duration(lastLag(store)) + state));
}

function crosshair(view, frame, index) {
  if (index === null) return [];
  const x = frame.x(view.at_ms[index]);
  const dots = view.worst.map(({ lags_ms }, place) => lags_ms[index] === null ? null
    : shape("circle", { class: `dot series-${place + 1}`, cx: x, cy: frame.y(lags_ms[index]), r: 4 }));
  return [shape("line", { class: "crosshair", x1: x, x2: x, y1: TOP, y2: frame.bottom }), ...dots];
}

/** Draw a view; `index` is the look pointed at, or null. */
export function drawPlot(view, frame, language, index) {
  const { width, height, right, bottom } = frame;
  return shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    ...band(view, frame, language), ...axes(frame, language),
    shape("line", { class: "foot", x1: LEFT, x2: right, y1: bottom, y2: bottom }),
    ...stores(view, frame, language).reverse(), ...crosshair(view, frame, index));
}
