// Calls to the node behind this page.
// Rule: an answer, a problem (RFC 9457) and silence are three different things; only silence is retried.

const CALL_TIMEOUT_MS = 8000;
const RETRY_DELAYS_MS = [250, 500, 1000];
const GATEWAY_STATUSES = [502, 503, 504];

/** What `untilAnswered` gives when nobody waits for the answer any more. */
export const SUPERSEDED = Symbol("superseded");

/** The node did not answer: it restarts, or is busy beyond the timeout. Trying again makes sense. */
export class NodeUnreachable extends Error {}

/** The node answered that it will not: `code`, and the typed fields of this problem in `fields`. */
export class Problem extends Error {
  constructor(fields, status) {
    super(fields.detail ?? fields.title ?? fields.code ?? `HTTP ${status}`);
    this.code = fields.code ?? "unexpected";
    this.status = status;
    this.fields = fields;
  }

  /** Whether the node may have done it all the same (it failed midway). */
  get outcome_unknown() {
    return this.status >= 500 && this.code === "unexpected";
  }
}

function pause(duration_ms) {
  return new Promise((resolve) => setTimeout(resolve, duration_ms));
}

async function bodyOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    if (response.ok) throw new NodeUnreachable("the answer was cut short");
    return null;
  }
}

async function answerOf(response) {
  const body = await bodyOf(response);
  if (response.ok) return body;
  const is_problem = body !== null && typeof body.code === "string";
  if (!is_problem && GATEWAY_STATUSES.includes(response.status)) throw new NodeUnreachable(`HTTP ${response.status}`);
  throw new Problem(body ?? {}, response.status);
}

export class NodeApi {
  #on_reachable_change;

  constructor(on_reachable_change) {
    this.reachable = true;
    this.#on_reachable_change = on_reachable_change;
  }

  #noteReachable(reachable) {
    if (this.reachable === reachable) return;
    this.reachable = reachable;
    this.#on_reachable_change(reachable);
  }

  /** Make one call. Throws NodeUnreachable or Problem. */
  async call(method, path, body, timeout_ms = CALL_TIMEOUT_MS) {
    const request = { method, cache: "no-store", signal: AbortSignal.timeout(timeout_ms), headers: {} };
    if (body !== undefined) {
      request.body = JSON.stringify(body);
      request.headers["Content-Type"] = "application/json";
    }
    try {
      const answer = await answerOf(await fetch(path, request));
      this.#noteReachable(true);
      return answer;
    } catch (error) {
      this.#noteReachable(error instanceof Problem);
      if (error instanceof Problem || error instanceof NodeUnreachable) throw error;
      throw new NodeUnreachable(String(error));
    }
  }

  /** Repeat one and the same call until the node answers it or refuses it, or `isWanted` says no. */
  async untilAnswered(call, isWanted = () => true) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof NodeUnreachable)) throw error;
      }
      if (!isWanted()) return SUPERSEDED;
      await pause(RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)]);
      if (!isWanted()) return SUPERSEDED;
    }
  }

  status(timeout_ms) {
    return this.call("GET", "/api/status", undefined, timeout_ms);
  }

  items(query, limit) {
    return this.call("GET", `/api/items?q=${encodeURIComponent(query)}&limit=${limit}`);
  }

  putBasket(basket_id, basket) {
    return this.call("PUT", `/api/baskets/${basket_id}`, basket);
  }

  pay(basket_id, tenders) {
    return this.call("POST", `/api/baskets/${basket_id}/pay`, { tenders });
  }

  findMember(kind, value) {
    return this.call("POST", "/api/members/find", { kind, value });
  }

  enrolMember(phone, name) {
    return this.call("POST", "/api/members", { phone, name, consent: true });
  }

  receipts(limit) {
    return this.call("GET", `/api/receipts?limit=${limit}`);
  }

  receipt(receipt) {
    return this.call("GET", `/api/receipts/${receiptPath(receipt)}`);
  }

  reprint(receipt) {
    return this.call("POST", `/api/receipts/${receiptPath(receipt)}/reprint`);
  }
}

function receiptPath(receipt) {
  return receipt.split("/").map(encodeURIComponent).join("/");
}
