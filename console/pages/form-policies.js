// Consent, and what becomes of those who leave.
import { html } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";
import { Check, Listed, Radios, Section, Select, Text } from "../parts/form.js";

/** @param {import("./export-form.js").SectionProps} props */
export function ConsentSection({ doc, set, problems, columns }) {
  const consent = doc.consent;
  const column = columns.find((each) => each.name === consent?.field);
  const change = (/** @type {object} */ members) => set({ consent: /** @type {any} */ ({ ...consent, ...members }) });
  return html`<${Section} title=${t("field.consent")} text=${t("form.consent_text")}>
    <${Check} field="consent" label=${t("form.consent_use")} checked=${Boolean(consent)} onChange=${(/** @type {boolean} */ on) => set({ consent: on ? { field: "", values: ["true"] } : null })} />
    ${consent && html`
      <${Select} field="consent.field" label=${t("form.consent_column")} value=${consent.field} onChange=${(/** @type {string} */ field) => change({ field })} problems=${problems}
        options=${[["", t("form.choose")], ...columns.map((each) => [each.name, each.name])]} hint=${column?.samples.length ? t("form.samples", { samples: column.samples.join(", ") }) : undefined} />
      <${Listed} field="consent.values" label=${t("form.consent_values")} hint=${t("form.consent_values_hint")} values=${consent.values}
        onChange=${(/** @type {string[]} */ values) => change({ values })} problems=${problems} />
      <${Radios} field="consent.withdrawn" legend=${t("form.withdrawn")} value=${consent.withdrawn ?? "untag"} onChange=${(/** @type {string} */ withdrawn) => change({ withdrawn })} problems=${problems}
        options=${[["untag", t("leavers.untag")], ["unsubscribe", t("leavers.unsubscribe")], ["archive", t("leavers.archive")]]} />`}
  </${Section}>`;
}

/** @param {import("./export-form.js").SectionProps} props */
export function LeaversSection({ doc, set, problems }) {
  const numeric = (/** @type {string} */ text) => (text === "" ? /** @type {any} */ (null) : Number(text));
  return html`<${Section} title=${t("field.leavers")} text=${t("form.leavers_text")}>
    <${Radios} field="leavers" legend=${t("form.leavers")} value=${doc.leavers} onChange=${(/** @type {any} */ leavers) => set({ leavers })} problems=${problems} options=${[
      ["untag", t("leavers.untag"), t("leavers.untag.hint")],
      ["keep", t("leavers.keep"), t("leavers.keep.hint")],
      ["archive", t("leavers.archive"), t("leavers.archive.hint")],
      ["unsubscribe", t("leavers.unsubscribe"), t("leavers.unsubscribe.hint")],
    ]} />
    <div class="form-grid">
      <${Text} field="removal_limit_percent" type="number" min=${0} max=${100} label=${t("field.removal_limit_percent")} hint=${t("field.removal_limit_percent.hint")}
        value=${String(doc.removal_limit_percent ?? "")} onInput=${(/** @type {string} */ text) => set({ removal_limit_percent: numeric(text) })} problems=${problems} />
      <${Text} field="stale_after_hours" type="number" min=${1} label=${t("field.stale_after_hours")} hint=${t("field.stale_after_hours.hint")}
        value=${String(doc.stale_after_hours ?? "")} onInput=${(/** @type {string} */ text) => set({ stale_after_hours: numeric(text) })} problems=${problems} />
      <${GrowthLimit} doc=${doc} set=${set} problems=${problems} />
    </div>
  </${Section}>`;
}

/** @param {Pick<import("./export-form.js").SectionProps, "doc" | "set" | "problems">} props how many contacts a run may create */
function GrowthLimit({ doc, set, problems }) {
  const limit = doc.growth_limit;
  const kind = !limit ? "none" : limit.percent != null ? "percent" : "contacts";
  const choose = (/** @type {string} */ chosen) =>
    set({ growth_limit: /** @type {any} */ (chosen === "none" ? null : chosen === "percent" ? { percent: 10 } : { contacts: 1000 }) });
  const change = (/** @type {string} */ text) => set({ growth_limit: /** @type {any} */ ({ [kind]: text === "" ? null : Number(text) }) });
  return html`<${Select} field="growth_limit" label=${t("field.growth_limit")} hint=${t("field.growth_limit.hint")} value=${kind} onChange=${choose} problems=${problems}
      options=${[["none", t("growth.none")], ["contacts", t("growth.contacts")], ["percent", t("growth.percent")]]} />
    ${limit && html`<${Text} field=${`growth_limit.${kind}`} type="number" min=${0} label=${t("growth.most")} value=${String(limit.percent ?? limit.contacts ?? "")}
      onInput=${change} problems=${problems} />`}`;
}
