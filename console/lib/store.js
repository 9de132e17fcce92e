// A value that components can watch.
import { useEffect, useState } from "../vendor/preact.js";

/**
 * @template T
 * @typedef {{ get: () => T, set: (next: T) => void, watch: (on: () => void) => () => void }} Store
 */

/**
 * @template T
 * @param {T} value
 * @returns {Store<T>}
 */
export function store(value) {
  /** @type {Set<() => void>} */
  const watchers = new Set();
  return {
    get: () => value,
    set(next) {
      if (next === value) return;
      value = next;
      for (const tell of [...watchers]) tell();
    },
    watch(on) {
      watchers.add(on);
      return () => void watchers.delete(on);
    },
  };
}

/**
 * The store's value; the component is drawn again when it changes.
 * @template T
 * @param {Store<T>} watched
 * @returns {T}
 */
export function useStore(watched) {
  const [value, set] = useState(() => watched.get());
  useEffect(() => {
    set(() => watched.get());
    return watched.watch(() => set(() => watched.get()));
  }, [watched]);
  return value;
}
