// Calls of the HTTP API. What went wrong is an ApiError, also where the host answers without a body.
import { store } from "./store.js";

/** @typedef {Api.Problem & { run?: Api.Run, exports?: string[] }} ProblemBody */

export class ApiError extends Error {
  /**
   * @param {number} status 0 where no answer came
   * @param {Partial<ProblemBody>} problem empty where the host has answered by itself
   */
  constructor(status, problem = {}) {
    super(problem.code ?? `status ${status}`);
    this.status = status;
    this.problem = problem;
    this.code = problem.code ?? "";
  }
}

/** No answer for two seconds, and none lately: the app is waking up. */
export const waking = store(false);
/** The app could not be reached by the last call. */
export const offline = store(false);

const WAKING_AFTER = 2000;
const AWAKE_FOR = 240_000;
let lastAnswer = -Infinity;
/** @type {Set<symbol>} */
const late = new Set();

/** @type {{ key: string, onSignedOut: (() => Promise<boolean>) | null }} */
export const credentials = { key: "", onSignedOut: null };

/**
 * @typedef {object} Options
 * @property {unknown} [body]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 * @property {boolean} [plain] leave a 401 to the caller, instead of asking the person to sign in
 */

/**
 * @template T
 * @typedef {{ data: T, etag: string, status: number, location: string }} Answer
 */

/**
 * Ask the API and return the JSON of its answer; raises ApiError.
 * @template T
 * @param {string} method
 * @param {string} path below /api/, in segments already encoded (see `at`)
 * @param {Options} [options]
 * @returns {Promise<Answer<T>>}
 */
export async function ask(method, path, options = {}) {
  const response = await send(method, path, options);
  if (response.status === 401 && !options.plain && credentials.onSignedOut) {
    if (await credentials.onSignedOut()) return ask(method, path, { ...options, plain: true });
  }
  const data = await bodyOf(response);
  if (!response.ok) throw new ApiError(response.status, problemOf(data));
  // An older app answers a question that it does not know with something else than JSON.
  if (data === null && response.status === 200) throw new ApiError(404);
  return {
    data: /** @type {T} */ (data),
    etag: response.headers.get("ETag") ?? "",
    status: response.status,
    location: response.headers.get("Location") ?? "",
  };
}

/**
 * The JSON of a GET.
 * @template T
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<T>}
 */
export async function get(path, options) {
  return (await /** @type {Promise<Answer<T>>} */ (ask("GET", path, options))).data;
}

/**
 * A path whose values are encoded: at`runs/${id}/cancel`.
 * @param {TemplateStringsArray} parts
 * @param {...string} values
 */
export function at(parts, ...values) {
  return parts.reduce((path, part, i) => path + encodeURIComponent(values[i - 1] ?? "") + part);
}

/**
 * A query string of those values that are there, with its question mark.
 * @param {Record<string, string | number | null | undefined>} values
 */
export function query(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== "" && value != null);
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}

/**
 * The response as it came; raises ApiError where none did.
 * @param {string} method
 * @param {string} path
 * @param {Options} options
 */
export async function send(method, path, { body, headers = {}, signal }) {
  const writes = method !== "GET" && method !== "HEAD";
  const call = Symbol();
  const timer = setTimeout(() => {
    if (performance.now() - lastAnswer < AWAKE_FOR) return;
    late.add(call);
    waking.set(true);
  }, WAKING_AFTER);
  try {
    const response = await fetch(`/api/${path}`, {
      method,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "follow",
      headers: {
        Accept: "application/json",
        ...(writes && { "Content-Type": "application/json" }),
        ...(credentials.key && { "x-functions-key": credentials.key }),
        ...headers,
      },
      ...(writes && body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    lastAnswer = performance.now();
    offline.set(false);
    return response;
  } catch (error) {
    if (signal?.aborted) throw error;
    offline.set(true);
    throw new ApiError(0);
  } finally {
    clearTimeout(timer);
    late.delete(call);
    if (!late.size) waking.set(false);
  }
}

/** @param {Response} response */
async function bodyOf(response) {
  const text = await response.text();
  if (!text || !(response.headers.get("Content-Type") ?? "").includes("json")) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {unknown} data */
function problemOf(data) {
  return data && typeof data === "object" ? /** @type {Partial<ProblemBody>} */ (data) : {};
}
