// Building and redrawing a page's elements.
// Rule: text from the program behind the page is only ever set as text, never as markup; what has not changed is not
// touched.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const drawn_keys = new WeakMap();

function isThere(value) {
  return value !== null && value !== undefined && value !== false;
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (isThere(value)) node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter(isThere));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Build an element; attributes that are null, undefined or false are left out, true becomes an empty one. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Build an element of a drawing (SVG). */
export function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG_NAMESPACE, tag), attributes, children);
}

/** Build one of the icons of icons.svg; words always stand beside it, so it is hidden from screen readers. */
export function icon(name) {
  return shape("svg", { class: "icon", "aria-hidden": "true" }, shape("use", { href: `#icon-${name}` }));
}

/** Bring the icons into the page, once: one that is drawn later is there at once. */
async function bringIcons() {
  const response = await fetch("/look/icons.svg");
  const sheet = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
  document.body.prepend(filled(document.adoptNode(sheet), { class: "icons", "aria-hidden": "true" }, []));
}

/** Replace the children of `parent`, but only when `key` (any JSON value) differs from the last one's; says whether. */
export function redraw(parent, key, build) {
  const key_text = JSON.stringify(key);
  if (drawn_keys.get(parent) === key_text) return false;
  drawn_keys.set(parent, key_text);
  parent.replaceChildren(...build().filter(isThere));
  return true;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setTitle(node, text) {
  if (node.title !== text) node.title = text;
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

export function setData(node, name, value) {
  if (node.dataset[name] !== String(value)) node.dataset[name] = String(value);
}

/** Bring the children of `parent` into the order of `nodes` with as few moves as this needs from the front. */
export function putInOrder(parent, nodes) {
  let place = parent.firstChild;
  for (const node of nodes) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

bringIcons().catch((error) => console.error("no icons, words only:", error));
