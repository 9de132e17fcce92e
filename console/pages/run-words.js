// How runs are spoken of.
import { number, list } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";

/** @param {string} state */
export const runState = (state) => find(`run_state.${state}`) ?? state;

/** What a run did, those counts that are not zero: "9,229 created, 46 updated". */
const TOLD = /** @type {const} */ (["created", "updated", "tagged", "untagged", "archived", "unsubscribed", "rejected", "failed"]);

/** @param {Api.Counts} counts */
export function countsText(counts) {
  const parts = TOLD.filter((name) => counts[name]).map((name) => t(`count.${name}`, { count: counts[name] }));
  return parts.length ? list(parts.slice(0, 3)) : t("count.nothing");
}

/** @param {string} code of an outcome */
export const outcomeText = (code) => find(`outcome.${code}`) ?? code;

/** @param {number} value */
export const rate = (value) => t("run.rate", { rate: number(Math.round(value)) });
