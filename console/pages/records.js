// The record of processing, to read and to print, in the reader's language.
import { html } from "../vendor/preact.js";
import { duration, list } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { may } from "../lib/session.js";
import { Button, Content, Facts, Heading, Notice, Time, Told } from "../parts/basics.js";
import { Table } from "../parts/table.js";

const NOT_STATED = "not_stated";

export function RecordsPage() {
  const record = useResource(may("administrator") ? "records-of-processing" : null);
  if (!may("administrator")) return html`<${Heading} title=${t("records.title")} /><${Notice} tone="warn"><p>${t("records.not_for_you")}</p></${Notice}>`;
  return html`<${Heading} title=${t("records.title")} actions=${html`<${Button} onClick=${() => print()}>${t("action.print")}</${Button}>`}><p>${t("records.what")}</p></${Heading}>
    <${Content} of=${record}>${(/** @type {Api.RecordOfProcessing} */ found) => html`<${Details} of=${found} />`}</${Content}>`;
}

/** @param {{ of: Api.RecordOfProcessing }} props */
function Details({ of }) {
  return html`
    ${of.unreadable.length > 0 && html`<${Notice} tone="warn"><p>${t("records.unreadable")} <${Told} text=${list(of.unreadable)} /></p></${Notice}>`}
    <${Facts} items=${[[t("records.controller"), stated(of.controller)], [t("records.contact"), stated(of.contact)]]} />
    ${of.processing.map((one) => html`<section class="card stack" key=${one.export}><h2><${Told} text=${one.display_name} /></h2><${Facts} items=${[
      [t("field.purpose"), stated(one.purpose)],
      [t("field.legal_basis"), stated(one.legal_basis)],
      [t("records.sent"), columns(one, true)],
      [t("records.read"), columns(one, false)],
      [t("person.tags"), html`<${Told} text=${list(one.tags)} />`],
      [t("field.source"), html`<${Told} text=${one.source} />`],
      [t("field.connection"), one.connection && html`<${Told} text=${one.connection} />`],
      [t("person.audience"), html`<${Told} text=${one.audience_name ?? one.audience_id} />`],
    ]} /></section>`)}
    <h2>${t("records.recipients")}</h2><div class="table-box"><${Recipients} rows=${of.recipients} /></div>
    <h2>${t("records.consents")}</h2><div class="table-box"><${Consents} rows=${of.consents} /></div>
    <h2>${t("records.retention")}</h2><${Facts} items=${of.retention.map((kept) => [t(`kept.${kept.what}`), kept.until ? t(`until.${kept.until}`) : duration((kept.days ?? 0) * 86_400)])} />`;
}

/** @param {string} text */
const stated = (text) => (text === NOT_STATED ? t("records.not_stated") : html`<${Told} text=${text} />`);

/**
 * @param {Api.RecordOfProcessing["processing"][number]} one
 * @param {boolean} sent
 */
function columns(one, sent) {
  const names = one.categories.filter((each) => each.sent === sent).map((each) => each.column);
  return names.length > 0 && html`<${Told} text=${list(names)} />`;
}

/** @typedef {Api.RecordOfProcessing["recipients"][number]} Recipient */
/** @typedef {Api.RecordOfProcessing["consents"][number]} Consent */

/** @param {{ rows: Recipient[] }} props */
function Recipients({ rows }) {
  return html`<${Table} caption=${t("records.recipients")} rows=${rows} id=${(/** @type {Recipient} */ row) => row.connection} columns=${[
    { title: t("field.connection"), head: true, cell: (/** @type {Recipient} */ row) => html`<${Told} text=${row.connection} />` },
    { title: t("records.account"), cell: (/** @type {Recipient} */ row) => html`${row.recipient}: <${Told} text=${row.account_name ?? row.account_id ?? "–"} />` },
    { title: t("records.data_center"), cell: (/** @type {Recipient} */ row) => row.data_center ?? "–" },
  ]} />`;
}

/** @param {{ rows: Consent[] }} props */
function Consents({ rows }) {
  const who = (/** @type {string | null | undefined} */ name, /** @type {string | null | undefined} */ at) => (name ? html`<${Told} text=${name} />${at && html`<div><${Time} at=${at} /></div>`}` : "–");
  return html`<${Table} caption=${t("records.consents")} rows=${rows} id=${(/** @type {Consent} */ row) => row.connection} columns=${[
    { title: t("field.connection"), head: true, cell: (/** @type {Consent} */ row) => html`<${Told} text=${row.connection} />` },
    { title: t("records.accepted_by"), cell: (/** @type {Consent} */ row) => who(row.accepted_by, row.accepted_at) },
    { title: t("records.withdrawn_by"), cell: (/** @type {Consent} */ row) => who(row.withdrawn_by, row.withdrawn_at) },
  ]} />`;
}
