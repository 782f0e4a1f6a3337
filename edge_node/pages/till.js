// The till page: what it is made of, and which key or button does what.
// Rule: the views decide, the node prices and books; this file only joins them. Errors are said in the message line.

import { byId, setData, setHidden } from "/look/dom.js";
import { onSystemTheme, switchTheme } from "/look/theme.js";
import { formatMoney } from "./amounts.js";
import { changeBasket } from "./basket_lines.js";
import { drawConnection, drawFence, drawTopBar, pollStatus } from "./connection.js";
import { removeCoupon } from "./coupon_entry.js";
import { EntryQueue, ScanWatch, scannedEntry } from "./entries.js";
import { Field } from "./field.js";
import { TillLanguage } from "./language.js";
import { removeMember } from "./member_entry.js";
import { Message } from "./message.js";
import { NodeApi, NodeUnreachable, Problem } from "./node_api.js";
import { drawCoupons, drawMember, drawTotals } from "./panels.js";
import { Sale } from "./sale.js";
import { CancelView } from "./view_cancel.js";
import { EnrolView } from "./view_enrol.js";
import { PayView } from "./view_pay.js";
import { ReceiptsView } from "./view_receipts.js";
import { ResultView } from "./view_result.js";
import { SaleView } from "./view_sale.js";

const SLOW_AFTER_MS = 300;
const CURRENCY_UNKNOWN = { code: "", symbol: "", decimals: 2 };
const KEY_ACTIONS = {
  F1: "item", F2: "member", F3: "coupon", F4: "receipts", F8: "cancel", F9: "pay", Escape: "back",
};

class Till {
  #is_drawing_planned = false;
  #slow_timer = null;

  constructor() {
    this.status = null;
    this.view = "sale";
    this.is_slow = false;
    this.fence_told = null;
    this.language = new TillLanguage();
    this.node = new NodeApi(() => this.draw());
    this.field = new Field(this.language);
    this.message = new Message(this);
    this.entries = new EntryQueue(() => this.#waitingChanged());
    this.sale = new Sale({
      node: this.node, storage: sessionStorage, language: this.language.code, onChange: () => this.#waitingChanged(),
    });
    this.views = {
      sale: new SaleView(this), pay: new PayView(this), result: new ResultView(this),
      enrol: new EnrolView(this), receipts: new ReceiptsView(this), cancel: new CancelView(this),
    };
  }

  get current() {
    return this.views[this.view];
  }

  get lines() {
    return this.views.sale.lines;
  }

  get purpose() {
    return this.current.purpose;
  }

  get hint() {
    return this.current.hint;
  }

  get currency() {
    return this.status?.currency ?? CURRENCY_UNKNOWN;
  }

  get limits() {
    return this.status?.limits ?? null;
  }

  get fenced() {
    return this.status?.fenced ?? this.fence_told;
  }

  get is_booking() {
    return this.view === "pay" && this.purpose === "booking";
  }

  money(amount_minor) {
    return formatMoney(amount_minor, this.currency);
  }

  go(view, options) {
    this.view = view;
    this.current.enter(options);
    this.draw();
    this.field.focus();
  }

  change(mutate, shown) {
    changeBasket(this, mutate, shown);
  }

  /** Say why something was not done. Anything but the node's own answer is our mistake and goes to the console too. */
  refused(error) {
    if (error instanceof Problem) {
      if (error.code === "node-fenced") this.fence_told = error.fields.detail ?? error.code;
      this.message.problem(error);
    } else if (error instanceof NodeUnreachable) {
      this.message.refuse("unexpected");
    } else {
      console.error(error);
      this.message.refuse("unexpected");
    }
  }

  nextSale() {
    this.sale.start(this.language.code);
    this.lines.reset();
    this.go("sale", {});
  }

  submit(text, is_scan, scanned) {
    this.current.submit(text, is_scan, scanned);
  }

  async openPayment() {
    if (this.view !== "sale") return;
    this.current.enter({});
    await this.entries.idle();
    try {
      await this.sale.settle();
    } catch (problem) {
      this.refused(problem);
      return;
    }
    if (this.view !== "sale" || this.message.is_error) return;
    if (this.sale.accepted.lines.length === 0) this.message.refuse("basket-empty", {}, "warning");
    else this.go("pay", {});
  }

  switchLanguage() {
    this.language.switchToOther();
    this.language.applyTo(document);
    this.sale.setLanguage(this.language.code).catch((problem) => this.refused(problem));
    this.draw();
  }

  switchTheme() {
    switchTheme();
    this.draw();
  }

  statusArrived(status) {
    this.status = status;
    this.language.time_zone = status.timezone ?? undefined;
    this.fence_told = null;
    this.draw();
  }

  /** "updating…" is only said when the wait is long enough to be noticed. */
  #waitingChanged() {
    const is_waiting = this.sale?.is_waiting || this.entries?.waiting_count > 0;
    if (is_waiting && this.#slow_timer === null) {
      this.#slow_timer = setTimeout(() => {
        this.is_slow = true;
        this.draw();
      }, SLOW_AFTER_MS);
    } else if (!is_waiting) {
      clearTimeout(this.#slow_timer);
      this.#slow_timer = null;
      this.is_slow = false;
    }
    this.draw();
  }

  /** Draw once after the work in hand, however often it is asked for. */
  draw() {
    if (this.#is_drawing_planned) return;
    this.#is_drawing_planned = true;
    queueMicrotask(() => {
      this.#is_drawing_planned = false;
      this.#drawNow();
    });
  }

  #drawNow() {
    setData(document.body, "view", this.view);
    for (const name of Object.keys(this.views)) setHidden(byId(`view-${name}`), name !== this.view);
    this.current.draw();
    this.field.draw(this.purpose);
    this.message.draw();
    drawMember(this);
    drawCoupons(this);
    drawTotals(this);
    drawTopBar(this);
    drawConnection(this);
    drawFence(this);
    for (const key of byId("keys").querySelectorAll("button")) {
      const place = this.view === "sale" ? this.purpose : this.view;
      key.setAttribute("aria-pressed", String(key.dataset.action === place));
    }
  }
}

function goToMode(till, mode) {
  if (till.is_booking) return;
  if (till.view === "result") till.nextSale();
  till.go("sale", { mode });
}

function openReceipts(till) {
  if (till.is_booking) return;
  if (till.view === "result") till.nextSale();
  till.go("receipts", {});
}

function askToCancel(till) {
  if (till.view === "sale" && !till.sale.is_empty) till.go("cancel", {});
}

function actionsOf(till) {
  return {
    item: () => goToMode(till, "item"),
    member: () => goToMode(till, "member"),
    coupon: () => goToMode(till, "coupon"),
    receipts: () => openReceipts(till),
    cancel: () => askToCancel(till),
    pay: () => till.openPayment(),
    back: () => till.current.back(),
    enter: () => till.submit(till.field.text, false),
    "switch-language": () => till.switchLanguage(),
    "switch-theme": () => till.switchTheme(),
    "choose-line": ({ index }) => till.lines.choose(Number(index)),
    "line-less": () => till.lines.step(-1),
    "line-more": () => till.lines.step(1),
    "line-remove": () => till.lines.removeChosen(),
    "take-choice": ({ index }) => till.views.sale.take(Number(index)),
    "remove-member": () => till.view === "sale" && removeMember(till),
    "remove-coupon": ({ code }) => till.view === "sale" && removeCoupon(till, code),
    tender: ({ kind }) => till.views.pay.choose(kind),
    "amount-key": ({ key }) => till.views.pay.press(key),
    "quick-amount": ({ index }) => till.views.pay.takeQuick(Number(index)),
    "choose-receipt": ({ index }) => till.views.receipts.choose(Number(index)),
  };
}

function onEnter(till, scanned) {
  const is_scan = scanned !== null;
  const text = is_scan && till.view !== "pay" ? scannedEntry(till.field.text, scanned) : till.field.text;
  till.submit(text, is_scan, scanned ?? "");
}

function onKey(till, actions, scans, event) {
  if (event.isComposing) return;
  const scanned = scans.key(event);
  const action = KEY_ACTIONS[event.key];
  const has_modifier = event.ctrlKey || event.metaKey || event.altKey;
  if (action && !has_modifier) {
    event.preventDefault();
    if (till.fenced === null && !event.repeat) actions[action]({});
    return;
  }
  if (till.fenced !== null || has_modifier) return;
  const is_on_button = !till.field.has_focus && document.activeElement?.tagName === "BUTTON";
  if (is_on_button && ["Enter", " ", "Tab"].includes(event.key) && scanned === null) return;
  if (event.key !== "Tab" && event.key !== "Shift") till.field.focus();
  if (event.key === "Enter") {
    event.preventDefault();
    if (!event.repeat) onEnter(till, scanned);
  } else if (till.current.keyDown(event)) {
    event.preventDefault();
    scans.forget();
  }
}

function listen(till) {
  const actions = actionsOf(till);
  const scans = new ScanWatch();
  document.addEventListener("keydown", (event) => onKey(till, actions, scans, event), { capture: true });
  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-action]");
    if (target && !target.disabled) actions[target.dataset.action](target.dataset);
  });
  till.field.onInput((text) => till.current.typed(text));
  onSystemTheme(() => till.draw());
}

/** Go on where a reload left off: with the payment that was sent, or with the basket. */
async function resumeSale(till) {
  if (!till.sale.restore(till.language.code)) return;
  const { tenders_sent } = till.sale;
  if (tenders_sent !== null) {
    till.go("pay", {});
    await till.views.pay.resume(tenders_sent);
  } else if (!till.sale.is_empty) {
    till.change(() => {}, () => till.lines.choose(Infinity));
  }
}

async function start() {
  const till = new Till();
  till.language.applyTo(document);
  listen(till);
  till.draw();
  till.field.focus();
  pollStatus(till.node, (status) => till.statusArrived(status));
  await resumeSale(till);
}

await start();
