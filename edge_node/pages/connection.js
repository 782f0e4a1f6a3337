// The node's state, asked for every two seconds: the connection strip, the top bar and the fence.
// Rule: the strip is always there and always as high, so that nothing moves when the line drops.

import { byId, element, icon, redraw, setData, setHidden, setText } from "/look/dom.js";
import { drawThemeSwitch } from "/look/theme.js";
import { formatCount } from "./amounts.js";

const POLL_EVERY_MS = 2000;
const POLL_TIMEOUT_MS = 3000;
const STATE_LOOKS = {
  starting: { kind: "none", icon: "waiting" },
  online: { kind: "done", icon: "online" },
  offline: { kind: "warning", icon: "offline" },
  restarting: { kind: "note", icon: "waiting" },
};
const PRINTER_STATES_GOOD = ["ready", "ok", "idle", "online", "enabled", "open"];

/** Ask for the status for ever, and at once when the page comes to the front. */
export function pollStatus(node, onStatus) {
  let is_asking = false;
  const ask = async () => {
    if (is_asking) return;
    is_asking = true;
    try {
      onStatus(await node.status(POLL_TIMEOUT_MS));
    } catch {
      // Silence is shown by node.reachable; a problem leaves the last status standing.
    } finally {
      is_asking = false;
    }
  };
  setInterval(ask, POLL_EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  return ask();
}

function connectionState({ node, status }) {
  if (!node.reachable) return "restarting";
  if (status === null) return "starting";
  return status.online ? "online" : "offline";
}

function contactText({ status, language }) {
  if (status.last_contact_ms === null) return language.text("connection.no-contact");
  return language.text("connection.as-of", { time: language.time(status.last_contact_ms, status.now_ms) });
}

function connectionDetails(till, state) {
  const { status, language, entries } = till;
  const details = [];
  if (state === "restarting") {
    details.push(language.text(till.is_booking ? "connection.payment-kept" : "connection.basket-kept"));
    if (entries.waiting_count > 0) {
      details.push(language.text("connection.entries-waiting", { count: entries.waiting_count }));
    }
  }
  if (state === "offline") details.push(contactText(till));
  if (status?.introduced === false) details.push(language.text("connection.not-introduced"));
  if (["online", "offline"].includes(state) && status.outbox_count > 0) {
    details.push(language.text("connection.outbox", { count: formatCount(status.outbox_count) }));
  }
  return details;
}

export function drawConnection(till) {
  const state = connectionState(till);
  const words = till.language.text(`connection.${state}`);
  const details = connectionDetails(till, state);
  const strip = byId("connection");
  setData(strip, "state", state);
  setData(strip, "kind", STATE_LOOKS[state].kind);
  redraw(strip, [state, words, details], () => [
    icon(STATE_LOOKS[state].icon),
    element("strong", {}, words),
    ...details.map((detail) => element("span", {}, detail)),
  ]);
}

function isPrinterGood(printer) {
  return PRINTER_STATES_GOOD.includes(printer.state);
}

/** What ails the printer, in words, or null when it is well or there is none. */
export function printerTrouble({ status, language }) {
  const printer = status?.printer;
  if (!printer?.configured || isPrinterGood(printer)) return null;
  const known = language.firstText([`printer.state.${printer.state}`], { message: printer.message });
  return known ?? printer.message ?? printer.state;
}

function drawPrinter(till) {
  const { status, language } = till;
  const trouble = printerTrouble(till);
  const state = trouble !== null ? "trouble" : status.printer.configured ? "ready" : "none";
  const chip = byId("printer");
  setData(chip, "state", state);
  const words = language.text(`printer.${state}`, { state: trouble });
  chip.title = words;
  redraw(chip, [state, words], () => [icon(trouble === null ? "printer" : "warning"), element("span", {}, words)]);
}

export function drawTopBar(till) {
  const { status, language } = till;
  language.nameOtherOn(byId("language-switch"));
  drawThemeSwitch(byId("theme-switch"), language);
  if (status === null) return;
  setText(byId("store-name"), status.store_name);
  setText(byId("actor"), language.text("page.till", { actor: status.actor }));
  setText(byId("clock"), language.time(status.now_ms, status.now_ms));
  document.title = language.text("page.title", { actor: status.actor, store: status.store_name });
  drawPrinter(till);
}

export function drawFence(till) {
  const reason = till.fenced;
  const sheet = byId("fenced");
  const was_fenced = !sheet.hidden;
  setHidden(sheet, reason === null);
  for (const id of ["work", "keys"]) byId(id).inert = reason !== null;
  if (reason !== null) {
    setText(byId("fenced-reason"), reason);
    const { store = "", actor = "" } = till.status ?? {};
    setText(byId("fenced-till"), till.language.text("fenced.till", { store, actor }));
    if (!was_fenced) sheet.focus();
  } else if (was_fenced) {
    till.field.focus();
  }
}
