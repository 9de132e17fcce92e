// Which page a path names.
import { t } from "../lib/i18n.js";
import { ConnectionPage } from "./connection.js";
import { ConnectionsPage } from "./connections.js";
import { EditExportPage, NewExportPage } from "./export-form.js";
import { ExportPage } from "./export.js";
import { ExportsPage } from "./exports.js";
import { HealthPage } from "./health.js";
import { NewConnectionPage } from "./new-connection.js";
import { NotFoundPage } from "./not-found.js";
import { PersonPage } from "./person.js";
import { ProofPage } from "./proof.js";
import { RecordsPage } from "./records.js";
import { RunPage } from "./run.js";
import { RunsPage } from "./runs.js";
import { SegmentsPage } from "./segments.js";

/**
 * @typedef {object} PageOf
 * @property {string} title
 * @property {unknown} view the page's component
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
      return { title: t("nav.exports"), view: ExportsPage };
    case "new-export": {
      const props = { connection: query.get("connection") ?? "" };
      return { title: t("export.new"), view: NewExportPage, props };
    }
    case "exports/*":
      return { title: name, view: ExportPage, props: { name } };
    case "exports/*/edit":
      return { title: name, view: EditExportPage, props: { name } };
    case "exports/*/proof":
      return { title: name, view: ProofPage, props: { name } };
    case "runs":
      return { title: t("nav.runs"), view: RunsPage };
    case "runs/*":
      return { title: t("run.title"), view: RunPage, props: { id: name } };
    case "connections":
      return { title: t("nav.connections"), view: ConnectionsPage };
    case "new-connection":
      return { title: t("connection.add"), view: NewConnectionPage };
    case "connections/*":
      return { title: name, view: ConnectionPage, props: { name } };
    case "segments":
      return { title: t("nav.segments"), view: SegmentsPage };
    case "person":
      return { title: t("nav.person"), view: PersonPage };
    case "records":
      return { title: t("records.title"), view: RecordsPage };
    case "health":
      return { title: t("nav.health"), view: HealthPage };
    default:
      return { title: t("state.not_found"), view: NotFoundPage };
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
