// Kazakh dates and relative times, which Chromium claims to have and writes as "2026 M11 28".

const MONTHS = [
  "қаңтар", "ақпан", "наурыз", "сәуір", "мамыр", "маусым",
  "шілде", "тамыз", "қыркүйек", "қазан", "қараша", "желтоқсан",
];
const WEEKDAYS = /** @type {Record<string, string>} */ ({
  Mon: "дс", Tue: "сс", Wed: "ср", Thu: "бс", Fri: "жм", Sat: "сн", Sun: "жс",
});
const UNITS = { day: "күн", hour: "сағат", minute: "минут" };

/**
 * 2026 ж. 28 қараша, сн, 14:05 GMT+5.
 * @param {Date} moment
 * @param {string} [zone]
 */
export function dateInKazakh(moment, zone) {
  const parts = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "numeric",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
    ...(zone && { timeZone: zone }),
  }).formatToParts(moment);
  const of = (/** @type {string} */ kind) => parts.find((part) => part.type === kind)?.value ?? "";
  const month = MONTHS[Number(of("month")) - 1];
  const day = `${of("year")} ж. ${of("day")} ${month}, ${WEEKDAYS[of("weekday")]}`;
  return `${day}, ${of("hour")}:${of("minute")} ${of("timeZoneName")}`;
}

/**
 * @param {number} amount negative is past
 * @param {keyof typeof UNITS} unit
 */
export function relativeInKazakh(amount, unit) {
  if (unit === "day" && amount === -1) return "кеше";
  if (unit === "day" && amount === 1) return "ертең";
  const size = Math.abs(amount);
  if (amount < 0) return `${size} ${UNITS[unit]} бұрын`;
  // Сағаттан, минуттан, күннен: the ending follows the word's last sound.
  return `${size} ${UNITS[unit]}${unit === "day" ? "нен" : "тан"} кейін`;
}
