// What this version of the API can do, by its own description; read once, and only where it matters.
import { useEffect, useState } from "../vendor/preact.js";
import { get } from "./api.js";

/** @typedef {{ components: { schemas: Record<string, { properties?: Record<string, unknown> }> } }} Description */
/** @typedef {(schema: string, member: string) => boolean} Has */

/** @type {Promise<Description> | null} */
let description = null;

/**
 * Tells whether a model of the API has a member; none, until the description is there.
 * @returns {Has}
 */
export function useFeatures() {
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
  return (schema, member) => member in (found?.components.schemas[schema]?.properties ?? {});
}
