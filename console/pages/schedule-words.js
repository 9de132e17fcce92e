// Schedules as people say them.
import { list } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";

/** The days of cron, Monday first. */
export const DAYS = ["1", "2", "3", "4", "5", "6", "0"];

/** @param {Api.Schedule} schedule */
export function scheduleText(schedule) {
  if (schedule.kind === "none") return t("schedule.none");
  const when = words(schedule);
  return schedule.active ? when : t("schedule.off_with", { when });
}

/** @param {Api.Schedule} schedule */
function words(schedule) {
  switch (schedule.kind) {
    case "refresh":
      return t("schedule.refresh");
    case "after":
      return t("schedule.after_name", { name: schedule.after ?? "" });
    default: {
      const times = (schedule.cron ?? []).map((cron) => {
        const plain = plainTime(cron);
        return plain ? t("schedule.at", { days: daysText(plain.days), time: plain.time }) : cron;
      });
      return `${list(times)} (${schedule.time_zone ?? "UTC"})`;
    }
  }
}

/** @param {string[]} days */
export const daysText = (days) =>
  days.length === 7 ? t("schedule.every_day") : list(DAYS.filter((day) => days.includes(day)).map((day) => find(`day.${day}`) ?? day));

/**
 * The days and the time of a cron expression that says no more than these; else null.
 * @param {string} cron
 * @returns {{ days: string[], time: string } | null}
 */
export function plainTime(cron) {
  const parts = /^(\d{1,2}) (\d{1,2}) \* \* (\*|[0-7](?:[,-][0-7])*)$/.exec(cron.trim());
  if (!parts) return null;
  const [, minute = "", hour = "", given = ""] = parts;
  const days = new Set();
  for (const part of given === "*" ? ["0-6"] : given.split(",")) {
    const [first, last = first] = part.split("-").map(Number);
    for (let day = first ?? 0; day <= (last ?? 0); day += 1) days.add(String(day % 7));
  }
  return { days: DAYS.filter((day) => days.has(day)), time: `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}` };
}

/**
 * @param {string[]} days
 * @param {string} time 06:30
 */
export function cronOf(days, time) {
  const [hour = "0", minute = "0"] = time.split(":");
  const chosen = DAYS.filter((day) => days.includes(day));
  const named = chosen.length === 7 || !chosen.length ? "*" : chosen.map(Number).sort().join(",");
  return `${Number(minute)} ${Number(hour)} * * ${named}`;
}
