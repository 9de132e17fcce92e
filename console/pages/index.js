// Which page a path names. Pages are loaded when they are first gone to.
import { t } from "../lib/i18n.js";

/**
 * @typedef {object} PageOf
 * @property {string} title
 * @property {() => Promise<unknown>} load gives the page's component
 * @property {Record<string, unknown>} [props] of the component
 */

/**
 * @param {string} path below /console/
 * @param {URLSearchParams} query
 * @returns {PageOf}
 */
export function pageOf(path, query) {
  const [first = "", raw = "", last] = path.split("/");
  const name = decode(raw);
  switch (name ? `${first}/*${last ? `/${last}` : ""}` : first) {
    case "":
    case "exports":
      return { title: t("nav.exports"), load: async () => (await import("./exports.js")).ExportsPage };
    case "new-export": {
      const props = { connection: query.get("connection") ?? "" };
      return { title: t("export.new"), load: async () => (await import("./export-form.js")).NewExportPage, props };
    }
    case "exports/*":
      return { title: name, load: async () => (await import("./export.js")).ExportPage, props: { name } };
    case "exports/*/edit":
      return { title: name, load: async () => (await import("./export-form.js")).EditExportPage, props: { name } };
    case "runs":
      return { title: t("nav.runs"), load: async () => (await import("./runs.js")).RunsPage };
    case "runs/*":
      return { title: t("run.title"), load: async () => (await import("./run.js")).RunPage, props: { id: name } };
    case "connections":
      return { title: t("nav.connections"), load: async () => (await import("./connections.js")).ConnectionsPage };
    case "new-connection":
      return { title: t("connection.add"), load: async () => (await import("./new-connection.js")).NewConnectionPage };
    case "connections/*":
      return { title: name, load: async () => (await import("./connection.js")).ConnectionPage, props: { name } };
    case "segments":
      return { title: t("nav.segments"), load: async () => (await import("./segments.js")).SegmentsPage };
    case "health":
      return { title: t("nav.health"), load: async () => (await import("./health.js")).HealthPage };
    default:
      return { title: t("state.not_found"), load: async () => (await import("./not-found.js")).NotFoundPage };
  }
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
