// How connections are spoken of.
import { find } from "../lib/i18n.js";

/** @param {string} state */
export const connectionState = (state) => find(`connection_state.${state}`) ?? state;

/** @param {string} state what to do about it */
export const connectionAdvice = (state) => find(`connection_state.${state}.do`);

/**
 * A name as the API takes them, out of what people write.
 * @param {string} text
 */
export function nameFrom(text) {
  const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/đ/gi, "d").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63);
}
