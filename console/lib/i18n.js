// Texts in the reader's language. Of English the keys are known to the type checker.
import { store } from "./store.js";

/** @typedef {typeof import("../languages/en.json")} English */
/** @typedef {keyof English} Key */
/** @typedef {Record<string, string | number>} Params */
/** @typedef {Record<string, string | Partial<Record<Intl.LDMLPluralRule, string>>>} Texts */

export const LANGUAGES = {
  en: "English",
  hr: "Hrvatski",
  lv: "Latviešu",
  "zh-CN": "简体中文",
  kk: "Қазақша",
  id: "Bahasa Indonesia",
};
/** English, lengthened and mirrored: shows what is cut, untranslated or tied to a side. */
const MIRRORED = "x-mirrored";
const KEPT_LANGUAGE = "language";
const KEPT_FORMAT = "format";

/** What everything is drawn anew by when the language or the format changes. */
export const language = store("en");
export const format = store("");
/** @type {Texts} */
let texts = {};

/** Load the language that was chosen, else the browser's, else English. */
export async function startLanguage() {
  format.set(kept(KEPT_FORMAT));
  const wanted = [kept(KEPT_LANGUAGE), ...navigator.languages];
  await load(wanted.map(known).find(Boolean) ?? "en");
}

/** @param {string} code rejects where its texts can't be had */
export async function chooseLanguage(code) {
  keep(KEPT_LANGUAGE, code);
  await load(code);
}

/** @param {string} locale empty: the language's own */
export function chooseFormat(locale) {
  keep(KEPT_FORMAT, locale);
  format.set(locale);
}

/**
 * The text of a key; {names} in it become the values, numbers in the reader's format.
 * @param {Key} key
 * @param {Params} [params] `count` chooses the plural
 */
export function t(key, params) {
  return find(key, params) ?? key;
}

/**
 * As `t`, for keys that are made at run time; null where the language has no such text.
 * @param {string} key
 * @param {Params} [params]
 * @returns {string | null}
 */
export function find(key, params = {}) {
  const entry = Object.hasOwn(texts, key) ? texts[key] : undefined;
  if (entry === undefined) return null;
  const pattern =
    typeof entry === "string" ? entry : (entry[pluralOf(Number(params["count"]))] ?? entry.other);
  return (pattern ?? "").replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers().format(value) : value;
  });
}

/** The locale that dates and numbers are written in; kk is the caller's own affair. */
export function locale() {
  const code = language.get() === MIRRORED ? "en" : language.get();
  // The browser says which kind of English it is; Britain's where it is set to another language.
  const own = navigator.languages.find((tag) => tag.split("-")[0] === code) ?? (code === "en" ? "en-GB" : code);
  return format.get() || own;
}

/** @param {Intl.NumberFormatOptions} [options] */
export function numbers(options) {
  // Chromium has no Kazakh numbers; Russian ones are the same: 1 204,5.
  return new Intl.NumberFormat(locale().startsWith("kk") ? "ru" : locale(), options);
}

/** @param {number} count */
function pluralOf(count) {
  const code = language.get();
  if (code === "kk") return count === 1 ? "one" : "other";
  return new Intl.PluralRules(code === MIRRORED ? "en" : code).select(count);
}

/** @param {string} code */
async function load(code) {
  const file = code === MIRRORED ? "en" : code;
  // All modules are served as one script, which lies beside the languages.
  const response = await fetch(new URL(`languages/${file}.json`, import.meta.url));
  const loaded = /** @type {Texts} */ (await response.json());
  texts = code === MIRRORED ? mirrored(loaded) : loaded;
  document.documentElement.lang = file;
  document.documentElement.dir = code === MIRRORED ? "rtl" : "ltr";
  language.set(code);
}

/**
 * @param {Texts} loaded
 * @returns {Texts}
 */
function mirrored(loaded) {
  const longer = (/** @type {string} */ text) => `‹${text.replace(/(?<!\{\w*)[aeiou](?!\w*\})/g, "$&\u0308")}›`;
  return Object.fromEntries(
    Object.entries(loaded).map(([key, entry]) => [
      key,
      typeof entry === "string"
        ? longer(entry)
        : Object.fromEntries(Object.entries(entry).map(([n, text]) => [n, longer(text)])),
    ]),
  );
}

/** @param {string} tag as browsers name languages */
function known(tag) {
  if (tag === MIRRORED || tag in LANGUAGES) return tag;
  const primary = tag.split("-")[0] ?? "";
  if (primary === "zh") return "zh-CN";
  return primary in LANGUAGES ? primary : "";
}

/** @param {string} name */
function kept(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Chosen for this page only, where the browser keeps nothing.
  }
}
