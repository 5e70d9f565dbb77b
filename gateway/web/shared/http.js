/**
 * HTTP to the service. An answer of 2xx is returned; anything else throws a `Refused` that carries the problem
 * document's stable code. A dead line throws one with the code `offline`; no call waits longer than 10 s.
 *
 * Who is signed in stands in a cookie that no script can read, one for each kind of page: every call says which page
 * asks, and whatever changes something says the session's own word, which came with the sign-in (or with GET /v1/me).
 */

const WAIT_MS = 10_000;

/** The kind of this page: citizen, officer, desk or admin. */
export const PAGE = globalThis.document?.getElementById("page")?.dataset.page ?? null;
/** @type {string | null} */
let csrf = null;

export class Refused extends Error {
  /** @param {number} status 0 when the server was not reached. @param {any} problem @param {number | null} retry_after_s */
  constructor(status, problem, retry_after_s = null) {
    super(problem.detail ?? problem.title ?? problem.code);
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.detail = problem.detail ?? problem.title ?? "";
    this.errors = problem.errors ?? [];
    this.advice = problem.advice ?? null;
    this.call = problem.advice?.call ?? null;
    this.work = problem.work ?? null;
    this.retry_after_s = retry_after_s;
  }
}

/**
 * @param {string} method @param {string} path
 * @param {{body?: any, raw?: string, headers?: Record<string, string>, wait_ms?: number}} more `raw`: a body as it is, with its own content-type
 * @returns {Promise<any>} The body, or null for an empty one.
 */
export async function call(method, path, { body, raw, headers = {}, wait_ms = WAIT_MS } = {}) {
  /** @type {Record<string, string>} */
  const told = { accept: "application/json", ...headers };
  if (body !== undefined) told["content-type"] = "application/json";
  if (PAGE) told["x-onbeat-page"] = PAGE;
  if (csrf && method !== "GET") told["x-csrf-token"] = csrf;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: told,
      body: body === undefined ? raw : JSON.stringify(body),
      cache: "no-store",
      credentials: "same-origin",
      signal: AbortSignal.timeout ? AbortSignal.timeout(wait_ms) : undefined,
    });
  } catch {
    throw new Refused(0, { code: "offline" });
  }
  const text = await answer.text().catch(() => "");
  const read = parsed(text);
  if (answer.ok) {
    if (read?.csrf) csrf = read.csrf;
    return read;
  }
  throw new Refused(answer.status, read ?? { code: `http_${answer.status}` }, retryAfter(answer));
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/** @param {Response} answer */
function retryAfter(answer) {
  const seconds = Number(answer.headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

/**
 * The sentence for a refusal: our words for its code, else the server's own, else that something is wrong.
 * @param {any} refused a `Refused`, or what a result says @param {import("./words.js").Words} words @returns {string}
 */
export function sentenceOf(refused, words) {
  const key = `refused.${refused.code ?? refused.reason}`;
  if (words.has(key)) return words.say(key, { by: refused.by ?? "", call: refused.call ?? "" });
  return refused.detail || refused.say || words.say("refused.unknown");
}
