// Dates, times, numbers and sizes in the reader's format.
import { dateInKazakh, relativeInKazakh } from "./kazakh.js";
import { language, locale, numbers, t } from "./i18n.js";

const UNITS = /** @type {const} */ ([
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
]);

/**
 * A date with its time and time zone.
 * @param {string} text RFC 3339
 * @param {string} [zone] IANA name, else the reader's own
 */
export function dateTime(text, zone) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text;
  if (locale().startsWith("kk")) return dateInKazakh(moment, zone);
  return new Intl.DateTimeFormat(locale(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
    ...(zone && { timeZone: zone }),
  }).format(moment);
}

/**
 * The same, rough, as people say it: "in 3 hours", "yesterday".
 * @param {string} text RFC 3339
 */
export function relative(text) {
  const seconds = (new Date(text).getTime() - Date.now()) / 1000;
  if (Number.isNaN(seconds)) return "";
  if (Math.abs(seconds) < 45) return t("time.now");
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each * 0.95) ?? UNITS[2];
  const amount = Math.round(seconds / size);
  const code = language.get();
  if (code === "kk") return relativeInKazakh(amount, unit);
  const words = new Intl.RelativeTimeFormat(code.startsWith("x-") ? "en" : code, { numeric: "auto" });
  return words.format(amount, unit);
}

/**
 * As `relative`, of something this old.
 * @param {number} seconds
 */
export const ago = (seconds) => relative(new Date(Date.now() - seconds * 1000).toISOString());

/** @param {number} value */
export const number = (value) => numbers().format(value);

/**
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
  if (!whole) return "";
  const share = part / whole;
  const digits = share > 0 && share < 0.1 ? 1 : 0;
  return numbers({ style: "percent", maximumFractionDigits: digits }).format(share);
}

/** @param {number} bytes */
export function size(bytes) {
  const step = Math.min(3, Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1000)));
  const value = numbers({ maximumFractionDigits: step ? 1 : 0 }).format(bytes / 1000 ** step);
  return `${value} ${["B", "kB", "MB", "GB"][step]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours) return t("time.hours_minutes", { hours, minutes });
  if (minutes) return t("time.minutes_seconds", { minutes, seconds: whole % 60 });
  return t("time.seconds", { seconds: whole });
}

/** @param {string[]} items */
export function list(items) {
  const code = language.get();
  // Chromium would join in English what it has no words for.
  if (code === "kk" || code.startsWith("x-")) return items.join(", ");
  return new Intl.ListFormat(code, { type: "unit" }).format(items);
}

/** @param {string} stamp of a snapshot: 2026/11/22/0600 */
export function stampTime(stamp) {
  const parts = /^(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)(\d\d)$/.exec(stamp);
  return parts ? dateTime(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:00Z`) : stamp;
}
