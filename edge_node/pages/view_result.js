// After the payment: the change in large figures, the receipt, the points. Enter, Esc or a scan begins the next sale.

import { byId, element, icon, redraw } from "/look/dom.js";
import { formatCount, formatMoney } from "./amounts.js";
import { printerTrouble } from "./connection.js";

export class ResultView {
  #till;
  #receipt = null;
  #told_trouble = null;
  purpose = "result";
  hint = "result";

  constructor(till) {
    this.#till = till;
  }

  enter({ receipt }) {
    this.#receipt = receipt;
    this.#told_trouble = null;
    this.#till.message.clear();
    this.#till.field.text = "";
    this.#till.message.say(`${this.#till.language.text("result.change")} ${this.#till.money(receipt.change_minor)}`);
  }

  /** Begin the next sale; what was typed or scanned here is its first entry. */
  submit(text, is_scan) {
    this.#next();
    if (text.trim() !== "") this.#till.submit(text, is_scan);
  }

  back() {
    this.#next();
  }

  #next() {
    const { receipt, change_minor } = this.#receipt;
    this.#till.nextSale();
    this.#till.message.note("note.last-sale", { receipt, change: this.#till.money(change_minor) });
  }

  typed() {}

  keyDown() {
    return false;
  }

  draw() {
    if (this.#receipt === null) return;
    const { language, currency } = this.#till;
    this.#tellTrouble();
    const label = language.text("result.text");
    redraw(byId("view-result"), [this.#receipt, language.code, currency], () => [
      element("div", { class: "result-figures" },
        this.#change(), this.#facts(), this.#notices(), nextKey(language)),
      element("pre", { class: "receipt-text", "data-testid": "receipt-text", "aria-label": label }, this.#receipt.text),
    ]);
  }

  #change() {
    const { language, currency } = this.#till;
    const { change_minor } = this.#receipt;
    return element("div", { class: "change" },
      element("span", {}, language.text(change_minor > 0 ? "result.change" : "result.no-change")),
      element("output", { id: "change", "data-testid": "change" }, formatMoney(change_minor, currency)));
  }

  #facts() {
    const { language, currency, status } = this.#till;
    const { paid, points_earned, points_used, receipt } = this.#receipt;
    const has_points = Boolean(status?.programme);
    return element("dl", { class: "figures" },
      ...paid.map(({ kind, amount_minor }) =>
        fact(language.text(`tender.${kind}`), formatMoney(amount_minor, currency), `paid-${kind}`)),
      has_points ? fact(language.text("result.points-earned"), formatCount(points_earned), "points-earned") : null,
      points_used > 0 ? fact(language.text("result.points-used"), formatCount(points_used), "points-used") : null,
      fact(language.text("result.receipt"), receipt, "receipt-number"));
  }

  #notices() {
    const words = this.#till.language.text("result.offline");
    return element("div", {}, this.#receipt.offline ? element("p", { class: "notice" }, icon("offline"), words) : null);
  }

  /** Say once that the receipt may not have come out, also when the printer's state arrives later. */
  #tellTrouble() {
    const trouble = printerTrouble(this.#till);
    if (trouble === null || trouble === this.#told_trouble) return;
    this.#told_trouble = trouble;
    this.#till.message.refuse("receipt-unprinted", { reason: trouble }, "warning");
  }
}

function fact(label, value, testid) {
  return element("div", {}, element("dt", {}, label), element("dd", { "data-testid": testid }, value));
}

function nextKey(language) {
  return element("button", { type: "button", class: "confirm-key filled", "data-action": "enter", "data-testid": "next-sale" },
    language.text("result.next"), element("kbd", {}, "Enter"));
}
