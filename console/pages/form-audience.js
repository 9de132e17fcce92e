// Whose account, and which audience: picked, not typed.
import { html } from "../vendor/preact.js";
import { number } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Failure, Loading, Notice } from "../parts/basics.js";
import { Radios, Section, Select, Text } from "../parts/form.js";

/** @param {import("./export-form.js").SectionProps} props */
export function AudienceSection({ doc, set, problems, audiences }) {
  const connections = useResource("connections");
  const items = /** @type {Api.ConnectionList | null} */ (connections.data)?.items ?? [];
  const found = /** @type {Api.AudienceList | null} */ (audiences.data)?.items;
  const chosen = found?.find((audience) => audience.id === doc.audience_id);
  return html`<${Section} title=${t("form.audience")} text=${t("form.audience_text")}>
    ${connections.error && html`<${Failure} error=${connections.error} again=${connections.reload} />`}
    <${Select} field="connection" label=${t("field.connection")} value=${doc.connection ?? ""} onChange=${(/** @type {string} */ connection) => set({ connection, audience_id: "" })} problems=${problems}
      options=${[["", t("form.choose")], ...items.map((item) => [item.name, item.display_name])]} />
    ${doc.connection && audiences.loading && html`<${Loading} />`}
    ${audiences.error
      ? html`<${Failure} error=${audiences.error} again=${audiences.reload} />
        <${Text} field="audience_id" label=${t("field.audience_id")} value=${doc.audience_id} onInput=${(/** @type {string} */ audience_id) => set({ audience_id })} problems=${problems} code=${true} />`
      : found && html`<${Select} field="audience_id" label=${t("form.audience_pick")} value=${doc.audience_id} onChange=${(/** @type {string} */ audience_id) => set({ audience_id })} problems=${problems}
          options=${[["", t("form.choose")], ...found.map((audience) => [audience.id, t("form.audience_option", { name: audience.name, contacts: number(audience.contacts) })])]} />`}
    ${chosen?.double_optin && doc.status_for_new === "subscribed" && html`<${Notice} tone="warn"><p>${t("form.double_optin")}</p></${Notice}>`}
    <${Radios} field="status_for_new" legend=${t("field.status_for_new")} value=${doc.status_for_new} onChange=${(/** @type {any} */ status_for_new) => set({ status_for_new })} problems=${problems}
      options=${[["subscribed", t("status_for_new.subscribed")], ["pending", t("status_for_new.pending")]]} />
  </${Section}>`;
}
