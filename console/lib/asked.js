// Who is to be explained when the page of one person opens: handed over here, never in a URL.
import { store } from "./store.js";

/** @typedef {{ text: string, export: string }} Wanted an address or a CustomerId; of one export, or "" of all */

/** @type {import("./store.js").Store<Wanted | null>} */
export const wanted = store(/** @type {Wanted | null} */ (null));
