// A path that names no page.
import { html } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";
import { Heading } from "../parts/basics.js";

export function NotFoundPage() {
  return html`<${Heading} title=${t("state.not_found")}><p>${t("state.not_found_text")}</p></${Heading}>
    <p><a href="/console/exports">${t("nav.exports")}</a></p>`;
}
