// Gives the contrast (WCAG 2) of every text that is seen on the page with the ground it stands on.
() => {
  const channels = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const isDrawn = (node) => node instanceof SVGElement;
  const ink = (node) => channels(isDrawn(node) ? getComputedStyle(node).fill : getComputedStyle(node).color);
  const ground = (node) => {
    const disc = node.closest("g.mark")?.querySelector("circle") ?? null;
    if (disc !== null) return ink(disc);
    for (let one = node; one !== null; one = one.parentElement) {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(one).backgroundColor);
      if (alpha === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === "" || ["SCRIPT", "NOSCRIPT"].includes(node.tagName) || node.closest(".only-heard") !== null || !node.checkVisibility({ visibilityProperty: true })) continue;
    const [lighter, darker] = [luminance(ink(node)), luminance(ground(node))].sort((a, b) => b - a);
    seen.push({ text, contrast: (lighter + 0.05) / (darker + 0.05) });
  }
  return seen;
}
