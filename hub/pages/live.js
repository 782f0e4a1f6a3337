// Asking the hub for the live view, once a second for as long as the page is seen.
// Rule: one question at a time; an answer, a refusal and silence are three different things.

const POLL_EVERY_MS = 1000;
const POLL_TIMEOUT_MS = 4000;

export const LIVE = "live";
export const REFUSED = "refused";
export const SILENT = "silent";

async function askOnce() {
  let response;
  try {
    response = await fetch("/api/live", { cache: "no-store", signal: AbortSignal.timeout(POLL_TIMEOUT_MS) });
    if (response.ok) return { state: LIVE, view: await response.json() };
  } catch {
    return { state: SILENT, view: null };
  }
  return { state: REFUSED, view: null };
}

/** Ask while the page is seen, and at once when it is seen again; `onAnswer` gets {state, view}. */
export function pollLive(onAnswer) {
  let is_asking = false;
  let timer = null;
  const ask = async () => {
    clearTimeout(timer);
    if (is_asking || document.hidden) return;
    is_asking = true;
    const started_ms = performance.now();
    const answer = await askOnce();
    is_asking = false;
    if (!document.hidden) onAnswer(answer);
    const waited_ms = performance.now() - started_ms;
    timer = setTimeout(ask, Math.max(POLL_EVERY_MS - waited_ms, POLL_EVERY_MS / 4));
  };
  document.addEventListener("visibilitychange", ask);
  return ask();
}
