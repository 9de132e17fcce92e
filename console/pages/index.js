// Which page a path names.
import { html } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";
import { Heading } from "../parts/basics.js";
import { ConnectionPage } from "./connection.js";
import { ConnectionsPage } from "./connections.js";
import { ExportPage } from "./export.js";
import { EditExportPage, NewExportPage } from "./export-form.js";
import { ExportsPage } from "./exports.js";
import { HealthPage } from "./health.js";
import { NewConnectionPage } from "./new-connection.js";
import { RunPage } from "./run.js";
import { RunsPage } from "./runs.js";
import { SegmentsPage } from "./segments.js";

/**
 * @param {string} path below /console/
 * @param {URLSearchParams} query
 */
export function pageOf(path, query) {
  const [first = "", raw = "", last] = path.split("/");
  const name = decode(raw);
  switch (name ? `${first}/*${last ? `/${last}` : ""}` : first) {
    case "":
    case "exports":
      return { title: t("nav.exports"), view: html`<${ExportsPage} />` };
    case "new-export":
      return { title: t("export.new"), view: html`<${NewExportPage} connection=${query.get("connection") ?? ""} />` };
    case "exports/*":
      return { title: name, view: html`<${ExportPage} name=${name} />` };
    case "exports/*/edit":
      return { title: name, view: html`<${EditExportPage} name=${name} />` };
    case "runs":
      return { title: t("nav.runs"), view: html`<${RunsPage} />` };
    case "runs/*":
      return { title: t("run.title"), view: html`<${RunPage} id=${name} />` };
    case "connections":
      return { title: t("nav.connections"), view: html`<${ConnectionsPage} />` };
    case "new-connection":
      return { title: t("connection.add"), view: html`<${NewConnectionPage} />` };
    case "connections/*":
      return { title: name, view: html`<${ConnectionPage} name=${name} />` };
    case "segments":
      return { title: t("nav.segments"), view: html`<${SegmentsPage} />` };
    case "health":
      return { title: t("nav.health"), view: html`<${HealthPage} />` };
    default:
      return { title: t("status.404"), view: html`<${NotFound} />` };
  }
}

function NotFound() {
  return html`<${Heading} title=${t("state.not_found")}><p>${t("state.not_found_text")}</p></${Heading}>
    <p><a href="/console/exports">${t("nav.exports")}</a></p>`;
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
