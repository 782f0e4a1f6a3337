// Building and redrawing the page's elements.
// Rule: text from the hub is only ever set as text, never as markup; what has not changed is not touched.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const drawn_keys = new WeakMap();

export function byId(id) {
  return document.getElementById(id);
}

/** Build an element; attributes that are null are left out. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) node.setAttribute(name, String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Build one of the icons drawn in console.html; words always stand beside it, so it is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG_NAMESPACE, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG_NAMESPACE, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Replace the children of `parent`, but only when `key` (any JSON value) differs from the last drawing. */
export function redraw(parent, key, build) {
  const key_text = JSON.stringify(key);
  if (drawn_keys.get(parent) === key_text) return;
  drawn_keys.set(parent, key_text);
  parent.replaceChildren(...build().filter((child) => child !== null));
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
