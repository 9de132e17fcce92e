// What the API says in codes, in the reader's words; its English where a code is new.
import { language, find, t } from "./i18n.js";
import { dateTime, duration, list } from "./formats.js";

/** @typedef {{ code: string, params?: Record<string, unknown> | null, detail?: string | null, message?: string | null }} Coded */

/**
 * @param {string} kind the first part of the keys: problem, warning, error, field, waiting …
 * @param {Coded} said
 */
export function textOf(kind, said) {
  const params = paramsOf(said.params ?? {});
  const own = find(`${kind}.${said.code}`, params);
  // Left-over braces mean that the app says less than the text wants.
  if (own && !/\{\w+\}/.test(own)) return own;
  return said.detail || said.message || own || said.code;
}

/**
 * What to do about it, where there is something.
 * @param {string} kind
 * @param {Coded} said
 */
export function adviceOf(kind, said) {
  const text = find(`${kind}.${said.code}.do`, paramsOf(said.params ?? {}));
  return text && !/\{\w+\}/.test(text) ? text : null;
}

/**
 * An error of the API: by its code, else its own words for readers of English, else by the status.
 * @param {import("./api.js").ApiError} error
 */
export function problemText(error) {
  const { code, detail } = error.problem;
  const params = paramsOf(/** @type {Record<string, unknown>} */ (error.problem.params ?? {}));
  const own = code && find(`problem.${code}`, params);
  if (own && !/\{\w+\}/.test(own)) return own;
  if (detail && language.get() === "en") return detail;
  const status = find(`status.${error.status}`) ?? t("status.other", { status: String(error.status) });
  return detail ? `${status} (${detail})` : status;
}

/** @param {Record<string, unknown>} params */
function paramsOf(params) {
  /** @type {Record<string, string | number>} */
  const told = {};
  for (const [name, value] of Object.entries(params)) {
    // Where nothing can be listed, a text that wants it is left out.
    if (!Array.isArray(value) || value.length) told[name] = valueOf(name, value);
  }
  return told;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function valueOf(name, value) {
  if (typeof value === "number") return name.endsWith("seconds") ? duration(value) : value;
  if (Array.isArray(value)) return list(value.map(String));
  const text = String(value ?? "");
  if (name === "reason") return find(`dropped.${text}`) ?? text;
  return /^\d{4}-\d\d-\d\dT\d\d:/.test(text) ? dateTime(text) : text;
}
