// Enrolling an unknown phone number: a step of its own, in which Enter means that the customer agreed.

import { byId, element, redraw } from "/look/dom.js";
import { plainText } from "./amounts.js";
import { confirmKeys } from "./confirm_step.js";
import { enrol } from "./member_entry.js";

export class EnrolView {
  #till;
  #phone = "";
  #is_offline = false;
  purpose = "enrol";
  hint = "enrol";

  constructor(till) {
    this.#till = till;
  }

  enter({ phone, is_offline }) {
    this.#phone = phone;
    this.#is_offline = is_offline;
    this.#till.message.clear();
    this.#till.field.text = "";
  }

  submit(text, is_scan) {
    if (is_scan && /\d/.test(text)) {
      this.#till.field.text = "";  // goods scanned by mistake are neither a name nor a yes
      return;
    }
    const name = plainText(text) || null;
    const phone = this.#phone;
    this.#till.entries.add(() => enrol(this.#till, phone, name));
  }

  back() {
    this.#till.go("sale", { mode: "member" });
    this.#till.field.fill(this.#phone);
  }

  typed() {}

  keyDown() {
    return false;
  }

  draw() {
    const { language } = this.#till;
    const cause = language.text(this.#is_offline ? "enrol.offline" : "enrol.unknown");
    redraw(byId("view-enrol"), [this.#phone, cause], () => [
      element("div", { class: "sheet" },
        element("h2", {}, language.text("enrol.title"), " ",
          element("span", { class: "enrol-phone", "data-testid": "enrol-phone" }, this.#phone)),
        element("p", { "data-testid": "enrol-cause" }, cause),
        element("div", { class: "consent" },
          element("p", { class: "quiet" }, language.text("enrol.ask")),
          element("p", { class: "consent-words" }, language.text("enrol.consent"))),
        confirmKeys(language, "enrol")),
    ]);
  }
}
