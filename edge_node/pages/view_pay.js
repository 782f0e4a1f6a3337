// Taking the payment: choose a tender, confirm its amount, until nothing is due; then the node books it.
// Rule: a payment that was sent is repeated as it was until the node answers; meanwhile no other one is sent.

import { byId, element, icon, redraw } from "/look/dom.js";
import { amountKeys, ERASE } from "./amount_keys.js";
import { formatMoney, moneyDigits, parseMoney, quickAmounts } from "./amounts.js";
import { amountProblem, paidMinor, pointsReach, pointsRefusal, TENDER_KINDS, withTender } from "./tenders.js";

const SCAN_CHARACTERS_MIN = 8;  // shorter ones may be an amount typed very fast

export class PayView {
  #till;

  constructor(till) {
    this.#till = till;
    this.#begin();
  }

  #begin() {
    this.stage = "choose";  // choose -> amount -> choose … -> booking
    this.kind = null;
    this.marked_index = 0;
    this.tenders = [];
    this.quick_index = -1;
  }

  get #due_minor() {
    return Math.max(0, (this.#till.sale.priced?.total_minor ?? 0) - paidMinor(this.tenders));
  }

  get #points() {
    return pointsReach(this.#till, this.#due_minor);
  }

  get #kinds() {
    return this.#till.status?.programme ? TENDER_KINDS : TENDER_KINDS.filter((kind) => kind !== "points");
  }

  get purpose() {
    return this.stage === "amount" ? this.kind : this.stage;
  }

  get hint() {
    return this.stage === "choose" && this.#due_minor === 0 ? "nothing-due" : this.purpose;
  }

  enter() {
    this.#begin();
    this.#till.message.clear();
    this.#till.field.text = "";
  }

  /** Go on with a payment that a reload of the page interrupted. */
  resume(tenders) {
    this.tenders = tenders;
    this.#till.message.note("note.payment-resumed");
    return this.#book();
  }

  typed() {
    if (this.stage !== "amount") this.#till.field.text = "";
    this.quick_index = -1;
    this.#till.message.clear();
    this.#till.draw();
  }

  submit(text, is_scan, scanned = "") {
    if (this.stage === "booking") return;
    if (is_scan && scanned.length >= SCAN_CHARACTERS_MIN) this.#refuseScan();
    else if (this.stage === "amount") this.#confirm(text);
    else if (this.#due_minor === 0) this.#book();
    else this.choose(this.#kinds[this.marked_index]);
  }

  #refuseScan() {
    if (this.stage === "amount") this.#till.field.fill(moneyDigits(this.#proposedMinor(), this.#till.currency));
    else this.#till.field.text = "";
    this.#till.message.refuse("scan-in-payment");
  }

  keyDown(event) {
    if (this.stage === "booking") return !isBrowserKey(event);
    if (this.stage === "amount") return this.#amountKey(event);
    const kind = this.#kinds[Number(event.key) - 1];
    if (kind && this.#due_minor > 0) this.choose(kind);
    else if (["ArrowDown", "ArrowRight"].includes(event.key)) this.#mark(1);
    else if (["ArrowUp", "ArrowLeft"].includes(event.key)) this.#mark(-1);
    else return event.key.length === 1 && !isBrowserKey(event);
    return true;
  }

  #mark(difference) {
    const count = this.#kinds.length;
    this.marked_index = (this.marked_index + difference + count) % count;
    this.#till.draw();
  }

  #amountKey(event) {
    if (this.kind !== "cash" || !["ArrowDown", "ArrowUp"].includes(event.key)) return false;
    const amounts_minor = this.quick_amounts_minor;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const from = this.quick_index < 0 && step < 0 ? 0 : this.quick_index;
    this.takeQuick((from + step + amounts_minor.length) % amounts_minor.length);
    return true;
  }

  get quick_amounts_minor() {
    if (this.kind !== "cash") return [this.#proposedMinor()];
    return quickAmounts(this.#due_minor, this.#till.currency);
  }

  takeQuick(index) {
    this.quick_index = index;
    this.#till.field.fill(moneyDigits(this.quick_amounts_minor[index], this.#till.currency));
    this.#till.message.clear();
    this.#till.draw();
  }

  /** One of the digits to press. */
  press(key) {
    if (this.stage !== "amount") return;
    if (key === ERASE) this.#till.field.erase();
    else this.#till.field.insert(key);
    this.typed();
  }

  #proposedMinor() {
    if (this.kind !== "points") return this.#due_minor;
    const { here_minor, most_minor } = this.#points;
    return here_minor > 0 ? here_minor : most_minor;
  }

  choose(kind) {
    if (this.stage === "booking" || this.#due_minor === 0) return;
    const refusal = kind === "points" ? pointsRefusal(this.#till, this.tenders, this.#due_minor) : null;
    if (refusal !== null) {
      this.#till.message.refuse("no-points", { reason: this.#till.language.text(`tender.points.${refusal}`) });
      return;
    }
    this.kind = kind;
    this.marked_index = this.#kinds.indexOf(kind);
    this.stage = "amount";
    this.quick_index = 0;
    this.#till.message.clear();
    this.#till.field.fill(moneyDigits(this.#proposedMinor(), this.#till.currency));
    this.#till.draw();
  }

  #confirm(text) {
    const { currency, language, message, field } = this.#till;
    const amount_minor = parseMoney(text, currency);
    const limits = { due_minor: this.#due_minor, most_minor: this.#points.most_minor };
    const problem = amountProblem(this.kind, amount_minor, limits);
    if (problem !== null) {
      const example = moneyDigits(this.#proposedMinor(), currency);
      message.refuse(problem.code, { ...problem.fields, text, example, kind: language.text(`tender.${this.kind}`) });
      field.fill(text);
      return;
    }
    this.tenders = withTender(this.tenders, this.kind, amount_minor);
    this.#toChoice();
    if (this.#due_minor === 0) this.#book();
  }

  #toChoice() {
    this.stage = "choose";
    this.kind = null;
    this.marked_index = 0;
    this.#till.field.text = "";
    this.#till.message.clear();
    this.#till.draw();
  }

  async #book() {
    this.stage = "booking";
    this.#till.draw();
    try {
      const receipt = await this.#till.sale.pay(this.tenders);
      this.#till.go("result", { receipt });
    } catch (problem) {
      await this.#refused(problem);
    }
  }

  async #refused(problem) {
    this.stage = "choose";
    if (problem.outcome_unknown) {
      this.#till.message.refuse("payment-unknown");  // the tenders stay: Enter sends them again as they were
      return;
    }
    this.#begin();
    if (["tender-short", "insufficient-rights", "validation"].includes(problem.code)) this.#till.draw();
    else this.#till.go("sale", {});
    this.#till.refused(problem);
    if (problem.code === "node-fenced") return;
    await this.#till.sale.refresh().catch((refusal) => this.#till.refused(refusal));
  }

  /** One step back: the amount, then the last tender, then the basket. */
  back() {
    if (this.stage === "booking") return;
    if (this.stage === "amount") this.#toChoice();
    else if (this.tenders.length > 0) {
      this.tenders = this.tenders.slice(0, -1);
      this.#toChoice();
    } else this.#till.go("sale", {});
  }

  #changeMinor() {
    const typed_minor = this.stage === "amount" ? parseMoney(this.#till.field.text, this.#till.currency) : 0;
    const total_minor = this.#till.sale.priced?.total_minor ?? 0;
    return Math.max(0, paidMinor(this.tenders) + (typed_minor ?? 0) - total_minor);
  }

  draw() {
    const { language, currency, sale, status } = this.#till;
    const shown = {
      stage: this.stage, kind: this.kind, marked_index: this.marked_index, quick_index: this.quick_index,
      tenders: this.tenders, total_minor: sale.priced?.total_minor ?? 0, due_minor: this.#due_minor,
      change_minor: this.#changeMinor(), language: language.code, currency, programme: status?.programme,
      online: status?.online, member: sale.priced?.member,
    };
    redraw(byId("view-pay"), shown,
      () => [this.#figures(shown), this.#tenderKeys(), this.#amountDesk(shown), this.#confirmKey()]);
  }

  #figures({ total_minor, due_minor, change_minor }) {
    const { language, currency } = this.#till;
    const figure = (name, amount_minor) => element("div", { class: `pay-figure pay-${name}` },
      element("span", {}, language.text(`pay.${name}`)),
      element("output", { "data-testid": `pay-${name}` }, formatMoney(amount_minor, currency)));
    return element("div", { class: "pay-figures" },
      figure("total", total_minor), figure("due", due_minor), figure("change", change_minor));
  }

  #tenderKeys() {
    const { language } = this.#till;
    const keys = this.#kinds.map((kind, index) => this.#tenderKey(kind, index));
    return element("div", { class: "tender-keys", role: "group", "aria-label": language.text("pay.tenders") }, ...keys);
  }

  #tenderKey(kind, index) {
    const { language } = this.#till;
    const chosen = this.tenders.find((tender) => tender.kind === kind);
    const refusal = kind === "points" && !chosen ? pointsRefusal(this.#till, this.tenders, this.#due_minor) : null;
    const is_marked = this.stage === "choose" ? index === this.marked_index : kind === this.kind;
    return element("button", {
      type: "button", class: "tender-key", "data-action": "tender", "data-kind": kind, "data-testid": `tender-${kind}`,
      "aria-pressed": String(is_marked), "aria-disabled": refusal !== null ? "true" : null,
    },
    element("kbd", {}, String(index + 1)), icon(kind),
    element("span", { class: "tender-name" }, language.text(`tender.${kind}`)),
    element("small", {}, this.#tenderNote(kind, chosen, refusal)));
  }

  /** What stands below a tender's name: what was chosen of it, or how far points reach. */
  #tenderNote(kind, chosen, refusal) {
    const { language } = this.#till;
    if (chosen) return `${language.text("pay.paid")} ${this.#till.money(chosen.amount_minor)}`;
    if (kind !== "points") return "";
    if (refusal !== null) return language.text(`tender.points.${refusal}`);
    const { here_minor, most_minor } = this.#points;
    if (here_minor === 0) return language.text("tender.points.ask", { amount: this.#till.money(most_minor) });
    return language.text("tender.points.up-to", { amount: this.#till.money(here_minor) });
  }

  /** While an amount is asked for: usual amounts, and digits to press. */
  #amountDesk({ due_minor }) {
    const { language, currency } = this.#till;
    const desk = element("div", { class: "amount-desk" });
    if (this.stage === "amount") desk.append(this.#quickKeys(due_minor), amountKeys(language, currency));
    return desk;
  }

  #quickKeys(due_minor) {
    const { language, currency } = this.#till;
    const keys = this.quick_amounts_minor.map((amount_minor, index) => element("button", {
      type: "button", "data-action": "quick-amount", "data-index": index, "data-testid": "quick-amount",
      "data-amount-minor": amount_minor, "aria-pressed": String(index === this.quick_index),
    }, formatMoney(amount_minor, currency),
    amount_minor === due_minor ? element("small", {}, language.text("pay.exact")) : null));
    return element("div", { class: "quick-keys", role: "group", "aria-label": language.text("pay.quick") }, ...keys);
  }

  #confirmKey() {
    const { language } = this.#till;
    const is_choosing = this.stage === "choose" && this.#due_minor > 0;
    const step = is_choosing ? "choose" : this.stage === "amount" ? "confirm" : "finish";
    const words = language.text(`pay.${step}`, { kind: language.text(`tender.${this.#kinds[this.marked_index]}`) });
    return element("button", {
      type: "button", class: "confirm-key filled", "data-action": "enter", "data-testid": "pay-confirm",
      "data-step": step, disabled: this.stage === "booking",
    }, words, element("kbd", {}, "Enter"));
  }
}

function isBrowserKey(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.key.startsWith("F");
}
