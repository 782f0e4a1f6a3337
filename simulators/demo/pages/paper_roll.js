// A printer and the receipts that came out of it, newest first.
// Rule: paper appears whole, one receipt at a time; older ones follow while nothing newer comes.

import { element, icon, putInOrder, redraw, setHidden, setText } from "/look/dom.js";

const SHOWN_MAX = 12;

function receiptElement(store, receipt, is_drawn) {
  const path = `/receipts/${encodeURIComponent(store)}/${receipt.number}.png`;
  const paper = is_drawn ? element("img", { src: path, alt: receipt.text }) : element("pre", {}, receipt.text);
  return element("figure", { class: "receipt", "data-testid": "receipt", "data-number": receipt.number },
    paper, element("figcaption"));
}

function drawCaption(figure, receipt, language) {
  redraw(figure.lastChild, [receipt.number, receipt.drawer, language.code], () => [
    element("span", {}, language.text("receipt.number", { number: receipt.number })),
    receipt.drawer && element("span", { class: "badge" }, language.text("receipt.drawer")),
  ]);
}

export class PaperRoll {
  #shown = new Map();  // number -> the receipt and its element
  #title = element("h2");
  #trouble = element("span", { class: "badge", "data-kind": "warning" });
  #roll;
  #nothing = element("p", { class: "nothing" });

  constructor(store) {
    this.#roll = element("div", { class: "roll scroll", tabindex: "0", role: "group", "data-testid": `roll-${store}` });
    const front = element("div", { class: "printer-front" },
      icon("printer"), this.#title, this.#trouble, element("span", { class: "slot" }));
    this.element = element("div", { class: "printer" }, front, this.#roll);
  }

  /** Take up the newest receipt that is not shown yet. */
  async takeUpOne({ store, receipts }, is_drawn) {
    const next = receipts.find((receipt) => !this.#shown.has(receipt.number));
    if (next === undefined) return;
    const figure = receiptElement(store, next, is_drawn);
    try {
      await figure.querySelector("img")?.decode();
    } catch {
      return;  // no longer there, or the demo has ended: the next look tells
    }
    const numbers = [...this.#shown.keys(), next.number].sort((one, other) => other - one);
    if (numbers[0] === next.number) figure.classList.add("is-new");
    figure.addEventListener("animationend", () => figure.classList.remove("is-new"));
    this.#shown.set(next.number, { receipt: next, figure });
    for (const number of numbers.slice(SHOWN_MAX)) this.#shown.delete(number);
  }

  draw(row, language) {
    setText(this.#title, language.text("printer.title"));
    setText(this.#trouble, language.text("printer.unplugged"));
    setHidden(this.#trouble, row.plugged);
    this.#roll.setAttribute("aria-label", language.text("printer.roll", { name: row.name }));
    setText(this.#nothing, language.text("printer.nothing"));
    const shown = [...this.#shown.values()].sort((one, other) => other.receipt.number - one.receipt.number);
    for (const { receipt, figure } of shown) drawCaption(figure, receipt, language);
    putInOrder(this.#roll, shown.length > 0 ? shown.map(({ figure }) => figure) : [this.#nothing]);
  }
}
