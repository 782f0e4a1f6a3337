// Light or dark: as the system has it, until somebody chooses otherwise on this machine.
// Rule: choosing what the system has anyway forgets the choice, so that the page follows the system again.

import { icon, redraw } from "/look/dom.js";

const STORAGE_KEY = "tillsync.theme";
const THEMES = ["light", "dark"];
const system = window.matchMedia("(prefers-color-scheme: dark)");

function ofSystem() {
  return system.matches ? "dark" : "light";
}

function apply(chosen) {
  if (THEMES.includes(chosen)) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

function other() {
  const shown = document.documentElement.dataset.theme ?? ofSystem();
  return THEMES.find((theme) => theme !== shown);
}

export function switchTheme() {
  const wanted = other();
  const chosen = wanted === ofSystem() ? null : wanted;
  apply(chosen);
  if (chosen === null) localStorage.removeItem(STORAGE_KEY);
  else localStorage.setItem(STORAGE_KEY, chosen);
}

/** Show on the button what it changes to. Sentences: theme.light, theme.dark. */
export function drawThemeSwitch(button, language) {
  const words = language.text(`theme.${other()}`);
  button.setAttribute("aria-label", words);
  button.title = words;
  redraw(button, [other()], () => [icon(other())]);
}

export function onSystemTheme(listener) {
  system.addEventListener("change", listener);
}

apply(localStorage.getItem(STORAGE_KEY));
