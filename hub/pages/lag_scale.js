// Where a moment and a lag stand on the plot, and which of them are named on its axes.
// Rule: lags stand on a logarithmic scale of seconds, so that seconds and days can be read in one picture; zero is its foot.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LAG_TICKS_MS = [
  0, SECOND_MS, 5 * SECOND_MS, 15 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS,
  7 * DAY_MS, 30 * DAY_MS,
];
const TIME_STEPS_MS = [1, 2, 5, 10, 15, 30, 60].map((minutes) => minutes * MINUTE_MS);
const LAG_TOP_MS_MIN = MINUTE_MS;
const SPAN_MS_MIN = 5 * MINUTE_MS;

function height(lag_ms) {
  return Math.log1p(lag_ms / SECOND_MS);
}

/** The place of a lag between `bottom` (zero) and `top` (the largest of `lags_ms`, at least a minute). */
export function lagScale(lags_ms, top, bottom) {
  const most = height(Math.max(LAG_TOP_MS_MIN, ...lags_ms) * 1.15);
  return (lag_ms) => bottom - ((bottom - top) * height(lag_ms)) / most;
}

/** The lags named on the axis: as many as stand at least `apart` from one another. */
export function lagTicks(place, top, apart) {
  const ticks = [];
  for (const lag_ms of LAG_TICKS_MS) {
    const y = place(lag_ms);
    if (y >= top && (ticks.length === 0 || ticks.at(-1).y - y >= apart)) ticks.push({ lag_ms, y });
  }
  return ticks;
}

/** The stretch of time shown: from the first look to now, at least five minutes. */
export function shownTime({ at_ms, now_ms }) {
  return { from_ms: Math.min(at_ms[0], now_ms - SPAN_MS_MIN), to_ms: Math.max(now_ms, at_ms.at(-1)) };
}

export function timeScale({ from_ms, to_ms }, left, right) {
  return (moment_ms) => left + ((right - left) * (moment_ms - from_ms)) / (to_ms - from_ms);
}

/** Full minutes named on the axis, at most `count_max` of them. */
export function timeTicks({ from_ms, to_ms }, count_max) {
  const step_ms = TIME_STEPS_MS.find((one) => (to_ms - from_ms) / one <= count_max) ?? TIME_STEPS_MS.at(-1);
  const ticks_ms = [];
  for (let tick_ms = Math.ceil(from_ms / step_ms) * step_ms; tick_ms <= to_ms; tick_ms += step_ms) ticks_ms.push(tick_ms);
  return ticks_ms;
}

/** Heights for labels that want to stand at `wanted`, at least `apart` and between `top` and `bottom`; in the order given. */
export function spread(wanted, apart, top, bottom) {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y || a.index - b.index);
  const places = [];
  let highest = top;
  for (const { y, index } of order) {
    places[index] = Math.max(y, highest);
    highest = places[index] + apart;
  }
  let lowest = bottom;
  for (const { index } of order.reverse()) {
    places[index] = Math.min(places[index], lowest);
    lowest = places[index] - apart;
  }
  return places;
}
