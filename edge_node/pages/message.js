// The message under the field: at rest a hint, else what happened and what to do next.
// Rule: an error stays until the cashier acts on it (Esc, another mode, a good typed entry); a scan that went well
// does not hide it, for the cashier may be looking at the goods.

import { byId, icon, redraw, setData, setText } from "/look/dom.js";
import { describeProblem } from "./problems.js";

export class Message {
  #till;
  #current = null;

  constructor(till) {
    this.#till = till;
  }

  #set(kind, describe) {
    this.#current = { kind, describe };
    this.#till.draw();
  }

  get is_error() {
    return this.#current !== null && this.#current.kind === "error";
  }

  /** Show a sentence of texts.js as done; `${key}.next` stands below when there is one. */
  note(key, values = {}) {
    if (this.is_error) return;
    const { language } = this.#till;
    this.#set("done", () => ({
      cause: language.text(key, values),
      next: language.firstText([`${key}.next`, `hint.${this.#till.purpose}.next`], values),
    }));
  }

  /** Show a problem of the node, or of the page ({code, fields}). */
  problem(problem, kind = "error") {
    this.#set(kind, () => describeProblem(problem, this.#till));
  }

  /** Show one of the page's own problems. */
  refuse(code, fields = {}, kind = "error") {
    this.problem({ code, fields }, kind);
  }

  clear() {
    if (this.#current === null) return;
    this.#current = null;
    this.#till.draw();
  }

  /** Say something to a screen reader only; the eye sees it in the basket. */
  say(text) {
    setText(byId("heard"), text);
  }

  #hint() {
    const { language, hint } = this.#till;
    return { cause: language.text(`hint.${hint}`), next: language.firstText([`hint.${hint}.next`]) };
  }

  draw() {
    const kind = this.#current?.kind ?? "hint";
    const { cause, next } = this.#current?.describe() ?? this.#hint();
    const node = byId("message");
    setData(node, "kind", kind);
    redraw(node, [kind, cause, next], () => [icon(kind), messageWords(cause, next)]);
  }
}

function messageWords(cause, next) {
  const words = document.createElement("p");
  const first = document.createElement("strong");
  first.textContent = cause;
  const second = document.createElement("span");
  second.textContent = next ?? "";
  words.append(first, " ", second);
  return words;
}
