// The Mailchimp accounts that exports may use.
import { html } from "../vendor/preact.js";
import { at } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { go } from "../lib/router.js";
import { may } from "../lib/session.js";
import { Button, Content, Empty, Heading, State, Time, Told } from "../parts/basics.js";
import { Table } from "../parts/table.js";
import { connectionState } from "./connection-words.js";

export function ConnectionsPage() {
  const connections = useResource("connections");
  const administrator = may("administrator");
  const add = html`<${Button} kind="primary" icon="plus" why=${administrator ? null : t("why.administrator")} onClick=${() => go("new-connection")}>${t("connection.add")}</${Button}>`;
  return html`<${Heading} title=${t("nav.connections")} actions=${add}><p>${t("connections.what")}</p></${Heading}>
    <${Content} of=${connections}>${(/** @type {Api.ConnectionList} */ { items }) => items.length
      ? html`<div class="table-box"><${Table} caption=${t("nav.connections")} rows=${items} id=${(/** @type {{ name: string }} */ item) => item.name}
          columns=${administrator ? forAdministrators() : forOthers()} /></div>`
      : administrator
        ? html`<${Empty} title=${t("connections.empty")} actions=${add}>${t("connections.empty_text")}</${Empty}>`
        : html`<${Empty} title=${t("connections.none_shared")}>${t("connections.none_shared_text")}</${Empty}>`}
    </${Content}>`;
}

/** @returns {import("../parts/table.js").Column<Api.Connection>[]} */
function forAdministrators() {
  return [
    { title: t("field.display_name"), head: true, cell: (item) => html`<a href=${`/console/${at`connections/${item.name}`}`}><${Told} text=${item.display_name} /></a>` },
    { title: t("exports.state"), cell: (item) => html`<${State} state=${item.status}>${connectionState(item.status)}</${State}>` },
    { title: t("connection.account"), cell: (item) => html`<${Told} text=${item.account_name || "–"} />` },
    { title: t("field.shared_with"), cell: (item) => t(`shared_with.${item.shared_with}`) },
    { title: t("connections.changed"), cell: (item) => html`<${Time} at=${item.updated_at} bare=${true} /><div class="soft"><${Told} text=${item.updated_by} /></div>` },
  ];
}

/** @returns {import("../parts/table.js").Column<Api.SharedConnection>[]} */
function forOthers() {
  return [
    { title: t("field.display_name"), head: true, cell: (item) => html`<${Told} text=${item.display_name} />` },
    { title: t("connections.type"), cell: () => "Mailchimp" },
  ];
}
