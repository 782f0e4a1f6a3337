// The result list under the field: at most twelve choices, one of them marked.
// Rule: the list belongs to the text it was made for; another text needs another list.

import { byId, element, icon, redraw, setHidden } from "/look/dom.js";

export const CHOICES_MAX = 12;

export class Choices {
  #till;

  constructor(till) {
    this.#till = till;
    this.#empty();
  }

  #empty() {
    this.query = null;
    this.all = [];
    this.marked_index = -1;
  }

  /** Show `choices` ({code, title, detail, trailing, note: {kind, words}, take}) made for the text `query`. */
  show(query, choices, marked_index = 0) {
    this.query = query;
    this.all = choices.slice(0, CHOICES_MAX);
    this.marked_index = Math.min(marked_index, this.all.length - 1);
    this.#till.draw();
  }

  close() {
    this.#empty();
    this.#till.draw();
  }

  get is_open() {
    return this.all.length > 0;
  }

  get marked() {
    return this.all[this.marked_index] ?? null;
  }

  move(difference) {
    const count = this.all.length;
    const from = this.marked_index < 0 && difference < 0 ? 0 : this.marked_index;
    this.marked_index = (from + difference + count) % count;
    this.#till.draw();
  }

  draw() {
    const list = byId("results");
    setHidden(list, !this.is_open);
    const is_redrawn = redraw(list, [this.all, this.marked_index],
      () => this.all.map((choice, index) => this.#row(choice, index)));
    if (is_redrawn) list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    this.#till.field.setList(this.is_open, this.marked === null ? null : `result-${this.marked_index}`);
  }

  #row(choice, index) {
    const note = choice.note
      ? element("span", { class: "coupon-state", "data-kind": choice.note.kind }, icon(choice.note.kind), choice.note.words)
      : null;
    return element("li", {
      id: `result-${index}`, role: "option", "aria-selected": String(index === this.marked_index),
      "data-testid": "result", "data-code": choice.code, "data-action": "take-choice", "data-index": index,
    },
    element("span", { class: "result-title" }, choice.title),
    element("span", { class: "result-detail" }, choice.detail),
    note,
    element("span", { class: "result-trailing" }, choice.trailing));
  }
}
