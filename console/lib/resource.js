// What a page reads from the API: loading, there, failed, and read again while something runs.
import { useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { ApiError, ask } from "./api.js";

const OFTEN = 5000;
const SELDOM = 15_000;
const SELDOM_AFTER = 600_000;

/**
 * @template T
 * @typedef {object} Resource
 * @property {T | null} data the newest answer, kept while a later reading fails
 * @property {string} etag of that answer, to be sent back where a change is not to undo another's
 * @property {ApiError | null} error of the last reading
 * @property {boolean} loading
 * @property {() => Promise<void>} reload
 * @property {(data: T) => void} put what a call has answered, instead of reading
 */

/**
 * Read a path, again when it changes, and while `polls` says so of what came.
 * @template T
 * @param {string | null} path null reads nothing
 * @param {(data: T) => boolean} [polls]
 * @returns {Resource<T>}
 */
export function useResource(path, polls) {
  const [state, setState] = useState(/** @type {State<T>} */ ({ path, data: null, etag: "", error: null }));
  const last = useRef(/** @type {AbortController | null} */ (null));

  const reload = useCallback(async () => {
    last.current?.abort();
    if (path === null) return;
    const control = new AbortController();
    last.current = control;
    try {
      const { data, etag } = /** @type {import("./api.js").Answer<T>} */ (await ask("GET", path, { signal: control.signal }));
      setState({ path, data, etag, error: null });
    } catch (error) {
      if (control.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      setState((before) => (before.path === path ? { ...before, error } : { path, data: null, etag: "", error }));
    }
  }, [path]);

  useEffect(() => {
    void reload();
    return () => last.current?.abort();
  }, [reload]);

  const current = state.path === path ? state : { path, data: null, etag: "", error: null };
  usePolling(current.data !== null && !!polls?.(current.data), reload);
  const put = useCallback(
    (/** @type {T} */ data) => setState({ path, data, etag: "", error: null }),
    [path],
  );
  const loading = path !== null && current.data === null && current.error === null;
  return { data: current.data, etag: current.etag, error: current.error, loading, reload, put };
}

/**
 * @template T
 * @typedef {{ path: string | null, data: T | null, etag: string, error: ApiError | null }} State
 */

/**
 * Call `again` every five seconds while `on` and the tab is visible; after ten minutes less often.
 * @param {boolean} on
 * @param {() => Promise<void>} again
 */
export function usePolling(on, again) {
  useEffect(() => {
    if (!on) return;
    const began = Date.now();
    let timer = 0;
    const wait = () => {
      const pause = Date.now() - began > SELDOM_AFTER ? SELDOM : OFTEN;
      timer = setTimeout(look, pause);
    };
    const look = async () => {
      if (document.visibilityState === "visible") await again();
      wait();
    };
    const onShown = () => {
      if (document.visibilityState !== "visible") return;
      clearTimeout(timer);
      void look();
    };
    document.addEventListener("visibilitychange", onShown);
    wait();
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onShown);
    };
  }, [on, again]);
}
