// Building and redrawing the page's elements.
// Rule: text from the node is only ever set as text, never as markup.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";
const drawn_keys = new WeakMap();

export function byId(id) {
  return document.getElementById(id);
}

/** Build an element; attributes that are null, undefined or false are left out, true becomes an empty one. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Build one of the icons drawn in till.html; words always stand beside it, so it is hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG_NAMESPACE, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG_NAMESPACE, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** Replace the children of `parent`, but only when `key` (any JSON value) differs from the last one's; says whether. */
export function redraw(parent, key, build) {
  const key_text = JSON.stringify(key);
  if (drawn_keys.get(parent) === key_text) return false;
  drawn_keys.set(parent, key_text);
  parent.replaceChildren(...build().filter((child) => child !== null && child !== undefined));
  return true;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

export function setData(node, name, value) {
  if (node.dataset[name] !== String(value)) node.dataset[name] = String(value);
}
