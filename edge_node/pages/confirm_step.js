// A step to confirm (enrolling, cancelling): Enter does it, Esc goes back.

import { element } from "/look/dom.js";

function stepKey(look, action, testid, words, key) {
  return element("button", { type: "button", class: look, "data-action": action, "data-testid": testid },
    words, element("kbd", {}, key));
}

/** The two keys of the step `name`, whose words stand under `${name}.confirm` and `${name}.back`; a grave one cannot be undone. */
export function confirmKeys(language, name, { is_grave = false } = {}) {
  return element("div", { class: "sheet-keys" },
    stepKey(is_grave ? "confirm-key filled grave" : "confirm-key filled", "enter", `${name}-confirm`, language.text(`${name}.confirm`), "Enter"),
    stepKey("back-key", "back", `${name}-back`, language.text(`${name}.back`), "Esc"));
}
