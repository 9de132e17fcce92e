// Paths below /console/, without a hash and without a person in them.
import { store } from "./store.js";

const ROOT = "/console/";

/** The path below /console/, without slashes at its ends, and the query. */
export const here = store(read());

/** Asks before a page with unsaved work is left; true lets go. */
export const guard = { mayLeave: /** @type {(() => boolean) | null} */ (null) };

function read() {
  const path = location.pathname.slice(ROOT.length - 1).replace(/^\/+|\/+$/g, "");
  return { path, query: new URLSearchParams(location.search) };
}

/**
 * @param {string} path below /console/
 * @param {{ replace?: boolean, keep?: boolean }} [how] keep: without asking about unsaved work
 */
export function go(path, { replace = false, keep = false } = {}) {
  if (!keep && guard.mayLeave && !guard.mayLeave()) return;
  history[replace ? "replaceState" : "pushState"](null, "", ROOT + path);
  here.set(read());
}

/**
 * The address of a page, its names encoded: to`exports/${name}`.
 * @param {TemplateStringsArray} parts
 * @param {...string} values
 */
export function to(parts, ...values) {
  return parts.reduce((path, part, i) => path + encodeURIComponent(values[i - 1] ?? "") + part);
}

/** Follow links of the console itself without loading it anew. */
export function startRouter() {
  addEventListener("popstate", () => here.set(read()));
  addEventListener("beforeunload", (event) => {
    if (guard.mayLeave) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey) return;
    if (event.shiftKey || event.altKey || !(event.target instanceof Element)) return;
    const link = event.target.closest("a");
    if (!link || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith(ROOT)) return;
    if (url.hash && url.pathname === location.pathname) return;
    event.preventDefault();
    go(url.pathname.slice(ROOT.length) + url.search);
  });
}
