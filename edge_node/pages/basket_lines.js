// The lines of the basket: adding, the chosen line, its quantity.
// Rule: the page asks for a basket, the node prices it; a line that an offer brought is not the cashier's to change.

import { byId, element, icon, redraw, setHidden, setText } from "/look/dom.js";
import { formatMoney, formatQuantity, ONE_THOUSANDTHS, parseQuantity, shownQuantity } from "./amounts.js";
import { SUPERSEDED } from "./node_api.js";

export class BasketLines {
  #till;

  constructor(till) {
    this.#till = till;
    this.chosen_index = -1;
  }

  get #priced_lines() {
    return this.#till.sale.priced?.lines ?? [];
  }

  get chosen() {
    return this.#priced_lines[this.chosen_index] ?? null;
  }

  reset() {
    this.chosen_index = -1;
  }

  name(line) {
    return this.#till.language.pick(line.name_zh, line.name_en) || line.code;
  }

  /** Add to the line of this item, or begin one. */
  add(code, quantity_thousandths) {
    const { sale, status } = this.#till;
    const line = sale.wanted.lines.find((candidate) => candidate.code === code);
    if (!line && status && sale.wanted.lines.length >= status.limits.lines_max) {
      this.#till.message.refuse("lines-max", { lines_max: status.limits.lines_max });
      return;
    }
    const before_thousandths = line ? parseQuantity(line.quantity) : 0;
    this.#setQuantity(code, before_thousandths + quantity_thousandths, (priced_line, index) => {
      this.chosen_index = index;
      const amount = formatMoney(priced_line.net_minor, this.#till.currency);
      return ["note.line-added", { quantity: shownQuantity(priced_line.quantity), amount }];
    });
  }

  #isInRange(quantity_thousandths) {
    const limit = this.#till.status?.limits.quantity_max;
    return limit === undefined || quantity_thousandths <= parseQuantity(limit);
  }

  #setQuantity(code, quantity_thousandths, heard) {
    if (!this.#isInRange(quantity_thousandths)) {
      this.#till.message.refuse("quantity-out-of-range");
      return;
    }
    const quantity = formatQuantity(quantity_thousandths);
    const mutate = (basket) => {
      const line = basket.lines.find((candidate) => candidate.code === code);
      if (line) line.quantity = quantity;
      else basket.lines.push({ code, quantity });
    };
    this.#till.change(mutate, (priced) => {
      const index = priced.lines.findIndex((line) => line.code === code);
      if (index < 0) return;
      const [key, values] = heard(priced.lines[index], index);
      this.#till.message.say(this.#till.language.text(key, { name: this.name(priced.lines[index]), ...values }));
    });
  }

  /** The cashier's own line behind the chosen one, or null after saying why there is none. */
  #chosenOwn() {
    if (this.chosen === null) {
      this.#till.message.refuse("no-line");
      return null;
    }
    const own = this.#till.sale.wanted.lines.find((line) => line.code === this.chosen.code);
    if (!own) this.#till.message.refuse("line-offered");
    return own ?? null;
  }

  /** One more (+1) or one less (-1) of the chosen line. */
  step(difference) {
    const own = this.#chosenOwn();
    if (own === null) return;
    const quantity_thousandths = parseQuantity(own.quantity) + difference * ONE_THOUSANDTHS;
    if (quantity_thousandths <= 0) this.#till.message.refuse("quantity-at-one", {}, "warning");
    else this.#setChosen(own.code, quantity_thousandths);
  }

  setChosenQuantity(quantity_thousandths) {
    const own = this.#chosenOwn();
    if (own !== null) this.#setChosen(own.code, quantity_thousandths);
  }

  #setChosen(code, quantity_thousandths) {
    this.#till.message.clear();
    const quantity = formatQuantity(quantity_thousandths);
    this.#setQuantity(code, quantity_thousandths, () => ["note.quantity", { quantity }]);
  }

  removeChosen() {
    const own = this.#chosenOwn();
    if (own === null) return;
    const name = this.name(this.chosen);
    this.#till.message.clear();
    const mutate = (basket) => {
      basket.lines = basket.lines.filter((line) => line.code !== own.code);
    };
    this.#till.change(mutate, () => this.#till.message.note("note.line-removed", { name }));
  }

  choose(index) {
    const count = this.#priced_lines.length;
    this.chosen_index = Math.min(Math.max(index, 0), count - 1);
    this.#till.draw();
  }

  move(difference) {
    this.choose(this.chosen_index + difference);
  }

  draw() {
    const { language, sale, currency } = this.#till;
    const lines = this.#priced_lines;
    this.chosen_index = Math.min(this.chosen_index, lines.length - 1);
    setHidden(byId("basket-empty"), lines.length > 0);
    setText(byId("line-count"), lines.length > 0 ? language.text("basket.count", { count: lines.length }) : "");
    this.#drawLineKeys();
    const body = byId("lines");
    const is_redrawn = redraw(body, [lines, this.chosen_index, language.code, currency],
      () => lines.map((line, index) => this.#row(line, index)));
    body.setAttribute("aria-busy", String(sale.is_waiting));
    if (is_redrawn) body.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  #row(line, index) {
    const { language, currency } = this.#till;
    const is_chosen = index === this.chosen_index;
    const discount = line.discount_minor === 0 ? "" : formatMoney(-line.discount_minor, currency);
    return element("tr", {
      "data-testid": "line", "data-code": line.code, "data-action": "choose-line", "data-index": index,
      "aria-current": is_chosen ? "true" : null,
    },
    element("td", { class: "number line-no" },
      is_chosen ? chosenMark(language.text("basket.chosen")) : null, String(line.no)),
    element("td", {}, element("span", { class: "line-name", title: this.name(line) }, this.name(line)),
      element("span", { class: "line-code" }, line.code)),
    element("td", { class: "number line-quantity", "data-testid": "line-quantity" }, shownQuantity(line.quantity)),
    element("td", { class: "number" }, formatMoney(line.unit_price_minor, currency)),
    element("td", { class: "number line-discount" }, discount),
    element("td", { class: "number line-net", "data-testid": "line-net" }, formatMoney(line.net_minor, currency)));
  }

  #drawLineKeys() {
    const { language } = this.#till;
    redraw(byId("line-keys"), [language.code], () => [
      lineKey("line-less", "less", language.text("basket.less"), "−"),
      lineKey("line-more", "more", language.text("basket.more"), "+"),
      lineKey("line-remove", "remove", language.text("basket.remove"), "Delete"),
    ]);
  }
}

function chosenMark(words) {
  return element("span", { class: "chosen-mark" }, element("span", { class: "only-heard" }, words));
}

function lineKey(action, icon_name, label, key) {
  return element("button", {
    type: "button", "data-action": action, "data-testid": action, "aria-label": label, title: label,
  }, icon(icon_name), element("kbd", {}, key));
}

/** Send a change of the basket; `shown` is called with the PricedBasket unless a later one came first. */
export function changeBasket(till, mutate, shown) {
  till.sale.change(mutate).then((priced) => {
    if (priced === SUPERSEDED) return;
    shown?.(priced);
    till.draw();
  }, (problem) => till.refused(problem));
}
