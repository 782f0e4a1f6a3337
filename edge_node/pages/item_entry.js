// Items: looking them up while the cashier types, and entering what was typed or scanned.

import { formatMoney } from "./amounts.js";
import { CHOICES_MAX } from "./choices.js";
import { addCoupon } from "./coupon_entry.js";
import { isCouponCode, parseEntry } from "./entries.js";
import { NodeUnreachable } from "./node_api.js";

// Longer than the gap between two keys of a scanner, so that a scan starts no search.
const SEARCH_AFTER_MS = 55;
const GTIN_DIGITS_MIN = 8;

function withoutLeadingZeros(gtin) {
  return gtin.replace(/^0+/, "");
}

/** The item that `query` names by its code or GTIN, or null. A single find for a GTIN is the node's own match. */
function exactItem(items, query) {
  const isNamed = (item) => item.code === query
    || (item.gtin && withoutLeadingZeros(item.gtin) === withoutLeadingZeros(query));
  const is_gtin = /^\d+$/.test(query) && query.length >= GTIN_DIGITS_MIN;
  return items.find(isNamed) ?? (is_gtin && items.length === 1 ? items[0] : null);
}

export class ItemEntry {
  #till;
  #choices;
  #search_timer = null;
  #search_number = 0;

  constructor(till, choices) {
    this.#till = till;
    this.#choices = choices;
  }

  /** Search as the cashier types; only the answer to the last text is shown. */
  typed(text) {
    this.stop();
    const { query } = parseEntry(text);
    if (query === "" || isCouponCode(query)) {
      this.#choices.close();
      return;
    }
    const number = this.#search_number;
    this.#search_timer = setTimeout(() => this.#search(query, number), SEARCH_AFTER_MS);
  }

  stop() {
    clearTimeout(this.#search_timer);
    this.#search_number += 1;
  }

  async #search(query, number) {
    try {
      const { items } = await this.#till.node.items(query, CHOICES_MAX);
      if (number === this.#search_number) this.#show(query, items);
    } catch (error) {
      if (number !== this.#search_number) return;
      if (error instanceof NodeUnreachable) this.#search_timer = setTimeout(() => this.#search(query, number), 500);
      else this.#till.refused(error);
    }
  }

  #show(query, items) {
    const { language, currency } = this.#till;
    this.#choices.show(query, items.map((item) => ({
      code: item.code,
      title: language.pick(item.name_zh, item.name_en) || item.code,
      detail: [item.code, item.gtin].filter(Boolean).join(" · "),
      trailing: formatMoney(item.price_minor, currency),
      take: () => this.#take(item),
    })));
  }

  #take(item) {
    const { quantity_thousandths, quantity_text } = parseEntry(this.#till.field.take());
    this.stop();
    this.#choices.close();
    if (quantity_thousandths === null) this.#till.message.refuse("quantity-invalid", { quantity: quantity_text });
    else this.#add(item, quantity_thousandths);
  }

  #add(item, quantity_thousandths) {
    this.#till.lines.add(item.code, quantity_thousandths);
  }

  /** Enter a code, a GTIN, a name, "3*code", a coupon's code, or "3*" for the chosen line. */
  submit(text, is_scan) {
    const { message, lines, entries } = this.#till;
    const entry = parseEntry(text);
    this.stop();
    if (!is_scan) message.clear();
    if (entry.quantity_thousandths === null) {
      message.refuse("quantity-invalid", { quantity: entry.quantity_text });
    } else if (entry.query === "") {
      if (entry.quantity_text !== null) lines.setChosenQuantity(entry.quantity_thousandths);
    } else if (isCouponCode(entry.query)) {
      addCoupon(this.#till, entry.query);
    } else if (entries.is_full) {
      message.refuse("too-many-waiting", { code: entry.query });
    } else {
      entries.add(() => this.#lookUp(entry, text, is_scan));
    }
  }

  async #lookUp(entry, text, is_scan) {
    const { node, message, field } = this.#till;
    let items;
    try {
      ({ items } = await node.untilAnswered(() => node.items(entry.query, CHOICES_MAX)));
    } catch (problem) {
      this.#till.refused(problem);
      return;
    }
    const item = exactItem(items, entry.query) ?? (!is_scan && items.length === 1 ? items[0] : null);
    if (item !== null) {
      this.#add(item, entry.quantity_thousandths);
    } else if (is_scan || items.length === 0) {
      message.refuse("unknown-item", { code: entry.query });
    } else if (field.text === "" && this.#till.purpose === "item") {
      field.text = text;
      this.#show(entry.query, items);
    }
  }
}
