// A till on its screen: its page in a frame.
// Rule: the page is shown in a size that it is made for, its own when there is room, else smaller as a whole; a narrow
// screen shows it as a phone does.

import { element } from "/look/dom.js";

const PHONE_PX_MAX = 760;  // below this the till page is laid out for a phone
const WIDTH_PX = 1024;
const HEIGHT_PX_MIN = 680;

/** How much smaller than itself the till page is shown on a screen of this size. */
function scaleOn({ clientWidth, clientHeight }) {
  if (clientWidth < PHONE_PX_MAX) return 1;
  return Math.min(1, clientWidth / WIDTH_PX, clientHeight / HEIGHT_PX_MIN);
}

export class TillScreen {
  #frame;

  constructor(store, address) {
    this.#frame = element("iframe", { src: address, "data-testid": `frame-${store}` });
    const glass = element("div", { class: "glass" }, this.#frame);
    new ResizeObserver(() => glass.style.setProperty("--scale", scaleOn(glass))).observe(glass);
    this.element = element("div", { class: "screen" }, glass);
  }

  /** Let the keyboard sell on this till. */
  focus() {
    this.#frame.focus();
  }

  draw(title) {
    if (this.#frame.title !== title) this.#frame.title = title;
  }
}
