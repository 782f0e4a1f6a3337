// Selling: the field takes items, the member or coupons, by mode (F1, F2, F3); the basket stands below.
// A view has: purpose, hint, enter(), submit(), keyDown(), typed(), back(), draw(). keyDown says whether it took a key.

import { plainText } from "./amounts.js";
import { BasketLines } from "./basket_lines.js";
import { Choices } from "./choices.js";
import { addCoupon, couponChoices, removeCoupon } from "./coupon_entry.js";
import { ItemEntry } from "./item_entry.js";
import { removeMember, submitMember } from "./member_entry.js";

export class SaleView {
  #till;

  constructor(till) {
    this.#till = till;
    this.mode = "item";
    this.lines = new BasketLines(till);
    this.choices = new Choices(till);
    this.items = new ItemEntry(till, this.choices);
  }

  get purpose() {
    return this.mode;
  }

  get hint() {
    return this.mode;
  }

  enter({ mode = "item", keeps_message = false } = {}) {
    this.mode = mode;
    this.items.stop();
    this.choices.close();
    this.#till.field.text = "";
    if (!keeps_message) this.#till.message.clear();
    if (mode === "coupon") this.#showCoupons("");
  }

  submit(text, is_scan) {
    const { marked, query } = this.choices;
    const is_marked_for_text = marked !== null && query === this.#queryOf(text);
    if (!is_scan && is_marked_for_text) {
      this.take(this.choices.marked_index);
      return;
    }
    this.#till.field.text = "";
    this.choices.close();
    if (this.mode === "item") this.items.submit(text, is_scan);
    else if (this.mode === "member") submitMember(this.#till, text, is_scan);
    else if (plainText(text) !== "") this.#submitCoupon(text);
  }

  /** The part of the text that the open list was made for. */
  #queryOf(text) {
    const plain = plainText(text);
    return this.mode === "item" ? plain.replace(/^[\d.]*\s*[*×]/, "").trim() : plain;
  }

  #submitCoupon(text) {
    this.enter({ mode: "item" });
    addCoupon(this.#till, text);
  }

  /** Take the choice at `index` of the open list. */
  take(index) {
    const choice = this.choices.all[index];
    if (!choice) return;
    if (this.mode !== "item") this.enter({ mode: "item" });
    this.#till.message.clear();
    choice.take();
  }

  typed(text) {
    if (this.mode === "item") this.items.typed(text);
    else if (this.mode === "coupon") this.#showCoupons(text);
  }

  #showCoupons(text, marked_index = -1) {
    this.choices.show(plainText(text), couponChoices(this.#till, text), marked_index);
  }

  keyDown(event) {
    const is_empty = this.#till.field.text === "";
    if (event.key === "ArrowDown") return this.#move(1);
    if (event.key === "ArrowUp") return this.#move(-1);
    if (event.key === "Delete" && is_empty) return this.#delete();
    if (this.mode !== "item" || !is_empty) return false;
    if (event.key === "+" || event.key === "=") this.lines.step(1);
    else if (event.key === "-") this.lines.step(-1);
    else return false;
    return true;
  }

  #move(difference) {
    if (this.choices.is_open) this.choices.move(difference);
    else if (this.mode === "coupon") this.#showCoupons(this.#till.field.text, 0);
    else this.lines.move(difference);
    return true;
  }

  #delete() {
    if (this.mode === "member") removeMember(this.#till);
    else if (this.mode === "coupon") this.#deleteCoupon();
    else this.lines.removeChosen();
    return true;
  }

  #deleteCoupon() {
    const { marked } = this.choices;
    const code = marked === null ? this.#till.sale.wanted.coupons.at(-1) : marked.is_on_sale ? marked.code : undefined;
    if (code === undefined) return;
    removeCoupon(this.#till, code);
    this.#showCoupons("");
  }

  /** One step back: the list, the text, the mode, the message. */
  back() {
    this.items.stop();
    if (this.choices.is_open && this.mode === "item") this.choices.close();
    else if (this.#till.field.text !== "") this.#till.field.text = "";
    else if (this.mode !== "item") this.enter({ mode: "item" });
    this.#till.message.clear();
  }

  draw() {
    this.lines.draw();
    this.choices.draw();
  }
}
