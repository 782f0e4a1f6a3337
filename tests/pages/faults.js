// Gives what does not fit on the page: parts that stick out, words that are cut off on a key, keys over one another,
// targets too small to touch.
(target_px_min) => {
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true });
  const name = (node) => `${node.tagName.toLowerCase()} ${node.dataset.testid ?? node.id ?? ""} "${node.textContent.trim().slice(0, 30)}"`;
  const faults = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) faults.push(`the page is ${scrollWidth} px wide, the window ${innerWidth}`);
  for (const node of document.querySelectorAll("body *")) {
    const { left, right } = node.getBoundingClientRect();
    const is_scrolled = node.closest(".receipt-text, .lines, .scroll, .only-heard, .lag-legend") !== null;
    if (isSeen(node) && !is_scrolled && (left < -1 || right > innerWidth + 1)) faults.push(`sticks out: ${name(node)}`);
  }
  for (const node of document.querySelectorAll("button, h1, .tile .figure")) {
    if (isSeen(node) && node.scrollWidth > node.clientWidth + 1) faults.push(`words are cut off: ${name(node)}`);
  }
  for (const node of document.querySelectorAll("button, a[href], input, [data-action]")) {
    const { width, height } = node.getBoundingClientRect();
    if (isSeen(node) && Math.min(width, height) < target_px_min - 0.5) {
      faults.push(`too small to touch, ${Math.round(width)} × ${Math.round(height)} px: ${name(node)}`);
    }
  }
  const keys = [...document.querySelectorAll(".view button")].filter((node) => isSeen(node)
    && !node.closest(".receipt-list") && getComputedStyle(node).position !== "sticky");
  for (const [index, node] of keys.entries()) {
    const one = node.getBoundingClientRect();
    for (const other of keys.slice(index + 1)) {
      const { left, right, top, bottom } = other.getBoundingClientRect();
      if (left < one.right - 1 && right > one.left + 1 && top < one.bottom - 1 && bottom > one.top + 1) {
        faults.push(`lies over another key: ${name(node)}, ${name(other)}`);
      }
    }
  }
  return faults;
}
