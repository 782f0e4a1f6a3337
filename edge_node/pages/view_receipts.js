// The last receipts: reading one again and printing it again (the node marks it as a copy).

import { byId, element, redraw } from "/look/dom.js";
import { plainText, shortMask } from "./amounts.js";
import { SUPERSEDED } from "./node_api.js";

const RECEIPTS_MAX = 20;

export class ReceiptsView {
  #till;
  #receipts = [];
  #index = -1;
  #opened = null;
  #open_number = 0;
  purpose = "receipts";
  hint = "receipts";

  constructor(till) {
    this.#till = till;
  }

  enter() {
    this.#receipts = [];
    this.#index = -1;
    this.#opened = null;
    this.#till.message.clear();
    this.#till.field.text = "";
    this.#load();
  }

  #isShown = () => this.#till.view === "receipts";

  async #load() {
    const { node } = this.#till;
    try {
      const answer = await node.untilAnswered(() => node.receipts(RECEIPTS_MAX), this.#isShown);
      if (answer === SUPERSEDED) return;
      this.#receipts = answer.receipts;
      this.choose(0);
    } catch (problem) {
      this.#till.refused(problem);
    }
  }

  choose(index) {
    if (this.#receipts.length === 0) return;
    this.#index = Math.min(Math.max(index, 0), this.#receipts.length - 1);
    this.#till.draw();
    this.#open(this.#receipts[this.#index].receipt);
  }

  /** Show a receipt's text; only the one asked for last. */
  async #open(receipt) {
    const { node } = this.#till;
    this.#open_number += 1;
    const number = this.#open_number;
    const isWanted = () => this.#isShown() && number === this.#open_number;
    try {
      const answer = await node.untilAnswered(() => node.receipt(receipt), isWanted);
      if (answer === SUPERSEDED || !isWanted()) return;
      this.#opened = answer;
      this.#till.draw();
    } catch (problem) {
      if (problem.status === 404) this.#till.message.refuse("unknown-receipt", { receipt });
      else this.#till.refused(problem);
    }
  }

  submit(text) {
    const typed = plainText(text);
    this.#till.field.text = "";
    this.#till.message.clear();
    if (typed === "") {
      this.#print();
      return;
    }
    this.#index = this.#receipts.findIndex((candidate) => candidate.receipt === typed);
    this.#open(typed);
  }

  async #print() {
    if (this.#opened === null) return;
    const { node, message } = this.#till;
    const { receipt } = this.#opened;
    try {
      const { printed, message: reason } = await node.reprint(receipt);
      if (printed) message.note("note.reprinted", { receipt });
      else message.refuse("not-printed", { reason: reason ?? this.#till.language.text("printer.none") });
    } catch (problem) {
      this.#till.refused(problem);
    }
  }

  back() {
    this.#till.go("sale", {});
  }

  typed() {}

  keyDown(event) {
    if (event.key === "ArrowDown") this.choose(this.#index + 1);
    else if (event.key === "ArrowUp") this.choose(this.#index - 1);
    else return false;
    return true;
  }

  draw() {
    const { language, currency } = this.#till;
    const key = [this.#receipts, this.#index, this.#opened, language.code, currency];
    const is_redrawn = redraw(byId("view-receipts"), key, () => [this.#list(), this.#reader()]);
    if (is_redrawn) byId("view-receipts").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  #list() {
    const { language } = this.#till;
    if (this.#receipts.length === 0) return element("p", { class: "quiet" }, language.text("receipts.none"));
    return element("ul", { class: "receipt-list", "data-testid": "receipt-list" },
      ...this.#receipts.map((receipt, index) => this.#row(receipt, index)));
  }

  #row({ receipt, total_minor, business_time_ms, member_masked }, index) {
    const { language, status } = this.#till;
    const time = language.time(business_time_ms, status?.now_ms ?? business_time_ms);
    return element("li", {}, element("button", {
      type: "button", "data-action": "choose-receipt", "data-index": index, "data-testid": "receipt-row",
      "aria-current": index === this.#index ? "true" : null,
    },
    element("strong", {}, receipt), element("small", {}, time),
    element("span", { class: "receipt-amount" }, this.#till.money(total_minor)),
    element("small", {}, shortMask(member_masked ?? ""))));
  }

  #reader() {
    const { language } = this.#till;
    const text = this.#opened?.text ?? "";
    const label = language.text("receipts.text");
    return element("div", { class: "receipt-reader" },
      element("pre", { class: "receipt-text", "data-testid": "receipt-text", "aria-label": label }, text),
      element("button", {
        type: "button", class: "confirm-key filled", "data-action": "enter", "data-testid": "reprint",
        disabled: this.#opened === null,
      }, language.text("receipts.print"), element("kbd", {}, "Enter")));
  }
}
