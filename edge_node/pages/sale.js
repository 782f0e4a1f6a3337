// The sale in hand: the basket the cashier wants, and what the node last said of it.
// Rule: what is shown is the node's answer to the latest change; earlier answers that come late are dropped.
// Rule: only ids and codes are kept over a reload, never a member's name or balance.

import { Problem, SUPERSEDED } from "./node_api.js";

const STORAGE_KEY = "tillsync.sale";

function newBasketId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Plain http from another machine has no randomUUID; these are the same 122 random bits (RFC 9562, version 4).
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function emptyBasket(language) {
  return { lines: [], member: null, coupons: [], language };
}

export class Sale {
  #node;
  #storage;
  #onChange;
  #in_flight_count = 0;
  #is_order_doubtful = false;
  #when_quiet = [];

  constructor({ node, storage, language, onChange }) {
    this.#node = node;
    this.#storage = storage;
    this.#onChange = onChange;
    this.#begin(newBasketId(), emptyBasket(language));
  }

  /** Begin an empty sale under a new id. */
  start(language) {
    this.#begin(newBasketId(), emptyBasket(language));
    this.#forget();
  }

  #begin(basket_id, basket) {
    this.basket_id = basket_id;
    this.wanted = basket;
    this.accepted = emptyBasket(basket.language);
    this.priced = null;
    this.receipt = null;
    this.tenders_sent = null;
    this.change_number = 0;
    this.shown_number = 0;
    this.#is_order_doubtful = false;
  }

  get is_empty() {
    return this.wanted.lines.length === 0 && this.wanted.member === null && this.wanted.coupons.length === 0;
  }

  get is_waiting() {
    return this.change_number !== this.shown_number;
  }

  /**
   * Change the basket and send all of it; `mutate` gets a copy to write on.
   * Gives the PricedBasket, or SUPERSEDED when a later change was shown before. Throws Problem: the change is undone.
   */
  change(mutate) {
    if (this.receipt !== null) return Promise.resolve(SUPERSEDED);
    const basket = structuredClone(this.wanted);
    mutate(basket);
    this.wanted = basket;
    this.change_number += 1;
    this.#remember();
    this.#onChange();
    return this.#send(this.change_number);
  }

  async #send(number) {
    const { basket_id, wanted } = this;
    const isLatest = () => this.basket_id === basket_id && this.change_number === number;
    this.#is_order_doubtful = this.#in_flight_count > 0;
    this.#in_flight_count += 1;
    try {
      const priced = await this.#node.untilAnswered(() => this.#node.putBasket(basket_id, wanted), isLatest);
      if (priced === SUPERSEDED || this.basket_id !== basket_id || number < this.shown_number) return SUPERSEDED;
      this.#show(number, wanted, priced);
      return priced;
    } catch (error) {
      if (error instanceof Problem && isLatest()) this.#undo(number);
      throw error;
    } finally {
      this.#in_flight_count -= 1;
      if (this.#in_flight_count === 0) this.#when_quiet.splice(0).forEach((resolve) => resolve());
    }
  }

  #show(number, basket, priced) {
    this.shown_number = number;
    this.accepted = basket;
    this.priced = priced;
    this.#onChange();
  }

  #undo(number) {
    this.wanted = this.accepted;
    this.shown_number = number;
    this.#remember();
    this.#onChange();
  }

  #quiet() {
    if (this.#in_flight_count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#when_quiet.push(resolve));
  }

  /**
   * Wait until the node holds the basket as wanted. Changes that were under way together may have been taken in
   * another order, so the latest is then sent once more, alone. Throws Problem.
   */
  async settle() {
    await this.#quiet();
    while (this.#is_order_doubtful || this.is_waiting) {
      await this.#send(this.change_number);
      await this.#quiet();
    }
  }

  /** Have the node's words and the receipt in this language; a basket that holds anything is sent again. */
  setLanguage(language) {
    if (this.is_empty || this.tenders_sent !== null) {
      this.wanted = { ...this.wanted, language };
      return Promise.resolve(SUPERSEDED);
    }
    return this.change((basket) => {
      basket.language = language;
    });
  }

  /** Ask for the price again, with the basket as it is. Throws Problem. */
  refresh() {
    return this.change(() => {});
  }

  /** Pay; the same call is repeated until it is answered, and the node books it once. Throws Problem. */
  async pay(tenders) {
    this.tenders_sent = tenders;
    this.#remember();
    try {
      this.receipt = await this.#payOrOfferAgain(tenders);
    } catch (error) {
      if (!error.outcome_unknown) this.tenders_sent = null;
      this.#remember();
      throw error;
    }
    this.#forget();
    return this.receipt;
  }

  async #payOrOfferAgain(tenders) {
    const pay = () => this.#node.pay(this.basket_id, tenders);
    try {
      return await this.#node.untilAnswered(pay);
    } catch (error) {
      if (error.code !== "unknown-basket") throw error;
    }
    // The node restarted and no longer holds the basket; it would know it if it had been paid.
    await this.#node.untilAnswered(() => this.#node.putBasket(this.basket_id, this.wanted));
    return this.#node.untilAnswered(pay);
  }

  /** Take up the sale that a reload of the page interrupted; false when there was none. */
  restore(language) {
    let kept = null;
    try {
      kept = JSON.parse(this.#storage.getItem(STORAGE_KEY));
    } catch {
      kept = null;
    }
    if (kept === null) return false;
    this.#begin(kept.basket_id, { ...kept.basket, language });
    this.tenders_sent = kept.tenders_sent;
    return true;
  }

  #remember() {
    const { basket_id, wanted, tenders_sent } = this;
    this.#storage.setItem(STORAGE_KEY, JSON.stringify({ basket_id, basket: wanted, tenders_sent }));
  }

  #forget() {
    this.#storage.removeItem(STORAGE_KEY);
  }
}
