// Cancelling a sale that the customer left: a step of its own, for it cannot be undone.

import { byId, element, redraw } from "/look/dom.js";
import { formatMoney } from "./amounts.js";
import { confirmKeys } from "./confirm_step.js";

export class CancelView {
  #till;
  purpose = "cancel";
  hint = "cancel";

  constructor(till) {
    this.#till = till;
  }

  enter() {
    this.#till.message.clear();
    this.#till.field.text = "";
  }

  submit(_text, is_scan) {
    this.#till.field.text = "";
    if (is_scan) return;
    this.#till.nextSale();
    this.#till.message.note("note.cancelled");
  }

  back() {
    this.#till.go("sale", {});
  }

  typed() {
    this.#till.field.text = "";
  }

  keyDown() {
    return false;
  }

  draw() {
    const { language, sale, currency } = this.#till;
    const count = sale.priced?.lines.length ?? 0;
    const amount = formatMoney(sale.priced?.total_minor ?? 0, currency);
    redraw(byId("view-cancel"), [count, amount, language.code], () => [
      element("div", { class: "sheet" },
        element("h2", {}, language.text("cancel.title")),
        element("p", {}, language.text("cancel.cause", { count, amount })),
        confirmKeys(language, "cancel", { is_grave: true })),
    ]);
  }
}
