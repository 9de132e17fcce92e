// What this version of the API can do, by its own description; read once, and only where it matters.
import { useEffect, useState } from "../vendor/preact.js";
import { get } from "./api.js";

/**
 * @typedef {object} Description
 * @property {Record<string, unknown>} paths
 * @property {{ schemas: Record<string, { properties?: Record<string, unknown> }> }} components
 */

/** @type {Promise<Description> | null} */
let description = null;

/**
 * Tells whether a model of the API has a member; none, until the description is there.
 * @returns {(schema: string, member: string) => boolean}
 */
export function useFeatures() {
  const found = useDescription();
  return (schema, member) => member in (found?.components.schemas[schema]?.properties ?? {});
}

/**
 * Whether the API has a route, such as "/runs/{id}/series"; no, until the description is there.
 * @param {string} path
 */
export function useRoute(path) {
  return path in (useDescription()?.paths ?? {});
}

function useDescription() {
  const [found, setFound] = useState(/** @type {Description | null} */ (null));
  useEffect(() => {
    let wanted = true;
    description ??= /** @type {Promise<Description>} */ (get("openapi.json"));
    description.then(
      (read) => wanted && setFound(read),
      () => (description = null),
    );
    return () => {
      wanted = false;
    };
  }, []);
  return found;
}
