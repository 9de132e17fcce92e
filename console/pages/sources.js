// The folders that exports read from: what is offered where a folder is wanted.
import { useResource } from "../lib/resource.js";

/**
 * The exports of a list without those whose stored documents can't be read.
 * @template {Api.ExportList["items"] | undefined} T
 * @param {T} items
 * @returns {T extends undefined ? Api.Export[] | undefined : Api.Export[]}
 */
export function readable(items) {
  return /** @type {any} */ (items?.filter((item) => "segments" in item));
}

/** @returns {Api.Source[] | null} each once, the one of most exports first; null while it is read */
export function useSources() {
  const exports = useResource("exports?limit=200");
  const items = readable(/** @type {Api.ExportList | null} */ (exports.data)?.items);
  if (!items) return exports.error ? [] : null;
  /** @type {Map<string, { source: Api.Source, count: number }>} */
  const found = new Map();
  for (const { source } of items) {
    const key = `${source.container}/${source.folder}`;
    const before = found.get(key)?.count ?? 0;
    found.set(key, { source, count: before + 1 });
  }
  return [...found.values()].sort((one, other) => other.count - one.count).map(({ source }) => source);
}
