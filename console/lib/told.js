// What is said to the person apart from a page's own content.
import { store } from "./store.js";

/** For screen readers. */
export const said = store("");
/** Shown until it is closed: what could not be done, or why something can't be. */
export const remark = store(/** @type {{ text: string, tone: "bad" | "info" } | null} */ (null));
let odd = false;

/** @param {string} text read out by screen readers; the same text twice is read twice */
export function say(text) {
  odd = !odd;
  said.set(odd ? text : `${text}\u00a0`);
}

/** @param {string} text what could not be done */
export function complain(text) {
  remark.set({ text, tone: "bad" });
  say(text);
}

/** @param {string} text why something can't be done */
export function explain(text) {
  remark.set({ text, tone: "info" });
  say(text);
}
