// The data privacy terms, to be read and agreed to.
import { html } from "../vendor/preact.js";
import { query } from "../lib/api.js";
import { language, t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Content } from "../parts/basics.js";
import { Check } from "../parts/form.js";

/**
 * @param {{ accepted: boolean, onChange: (accepted: boolean, terms: Api.Terms) => void }} props
 */
export function Terms({ accepted, onChange }) {
  const code = language.get();
  const terms = useResource(`terms${query({ language: code.startsWith("x-") ? "en" : code })}`);
  return html`<${Content} of=${terms}>${(/** @type {Api.Terms} */ read) => html`
    <div class="terms" tabindex="0" role="region" aria-label=${t("terms.title")} lang=${read.language} dir="auto">${unwrapped(read)}</div>
    <${Check} field="consent.accepted" label=${t("terms.agree")} checked=${accepted} onChange=${(/** @type {boolean} */ on) => onChange(on, read)} />
    <p class="hint">${t("terms.version", { version: read.version })}</p>`}</${Content}>`;
}

/** @param {Api.Terms} terms their paragraphs each on one line, to be broken where the page does */
const unwrapped = ({ text, language: code }) => text.replace(/\n +/g, code.startsWith("zh") ? "" : " ");

/** @param {Api.Terms} terms what is said of them with the agreement */
export function agreement(terms) {
  return { accepted: true, terms_version: terms.version, terms_language: terms.language };
}
