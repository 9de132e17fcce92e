// One person's file, for who asks what is held of them: to read and to print.
import { html } from "../vendor/preact.js";
import { list, stampTime } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { Facts, Notice, Time, Told } from "../parts/basics.js";
import { Table } from "../parts/table.js";

/** @typedef {Api.PersonReport["held"][number]} Held */
/** @typedef {Api.PersonReport["from"][number]} Origin */

/**
 * @param {Api.PersonReport} before
 * @param {Api.PersonReport} more what there was no time for; what comes twice is the same
 * @returns {Api.PersonReport}
 */
export function joined(before, more) {
  /** @template T @param {T[]} one @param {T[]} other */
  const both = (one, other) => [...new Map([...one, ...other].map((each) => [JSON.stringify(each), each])).values()];
  const kept = before.left_out.filter((part) => part.code !== "time");
  return {
    ...more,
    person: { addresses: both(before.person.addresses, more.person.addresses), customer_ids: both(before.person.customer_ids, more.person.customer_ids) },
    held: both(before.held, more.held),
    from: both(before.from, more.from),
    sent_to: both(before.sent_to, more.sent_to),
    consents: both(before.consents, more.consents),
    erasure: { erased: before.erasure.erased || more.erasure.erased },
    left_out: both(kept, more.left_out),
    complete: kept.length === 0 && more.complete,
  };
}

/** @param {{ of: Api.PersonReport }} props */
export function PersonFile({ of }) {
  return html`
    ${of.erasure.erased && html`<${Notice}><p>${t("file.erased")}</p></${Notice}>`}
    ${of.left_out.length > 0 && html`<${Notice} tone="warn" title=${t("person.left_out")}><ul>${of.left_out.map((part) => html`<li><${Told} text=${part.export} />${part.name && html` · <${Told} text=${part.name} />`}: ${find(`left_out.${part.code}`) ?? find(`error.${part.code}`) ?? part.code}</li>`)}</ul></${Notice}>`}
    <${Facts} items=${[[t("field.email_field"), html`<${Told} text=${list(of.person.addresses)} />`], [t("outcomes.customer"), of.person.customer_ids.length > 0 && html`<${Told} text=${list(of.person.customer_ids)} />`]]} />
    ${of.held.length > 0 && html`<h2>${t("file.held")}</h2><div class="table-box"><${HeldParts} rows=${of.held} /></div>`}
    ${of.from.length > 0 && html`<h2>${t("file.from")}</h2><div class="table-box"><${Origins} rows=${of.from} /></div>`}
    ${of.sent_to.map((one) => html`<section class="card stack"><h2>${t("file.sent_to")} <${Told} text=${one.account ?? one.connection ?? "–"} /> · <${Told} text=${one.audience_id} /></h2><${Facts} items=${[
      [t("file.export"), html`<${Told} text=${one.export} />`],
      [t("field.purpose"), stated(one.purpose)],
      [t("field.legal_basis"), stated(one.legal_basis)],
      [t("file.first"), one.first && html`<${Time} at=${one.first} />`],
      [t("file.last"), one.last && html`<${Time} at=${one.last} />`],
      [t("person.status"), one.status && (find(`contact_status.${one.status}`) ?? one.status)],
      [t("person.tags"), one.tags.length > 0 && html`<${Told} text=${list(one.tags)} />`],
      ...Object.entries(one.values).map(([tag, value]) => [tag, html`<${Told} text=${value} />`]),
    ]} /></section>`)}
    ${of.consents.length > 0 && html`<h2>${t("person.consent")}</h2><${Facts} items=${of.consents.map((one) => [`${one.export} · ${one.segment} · ${one.column}`, t(`consent_answer.${one.answer}`)])} />`}`;
}

/** @param {string} text */
const stated = (text) => (text === "not_stated" ? t("records.not_stated") : html`<${Told} text=${text} />`);

/** @param {{ rows: Held[] }} props */
function HeldParts({ rows }) {
  return html`<${Table} caption=${t("file.held")} rows=${rows} id=${(/** @type {Held} */ row) => `${row.what} ${row.where}`} columns=${[
    { title: t("file.what"), head: true, cell: (/** @type {Held} */ row) => html`${t(`held.${row.what}`)}<div class="soft"><${Told} text=${row.where} /></div>` },
    { title: t("person.since"), cell: (/** @type {Held} */ row) => (row.since ? html`<${Time} at=${row.since} />` : "–") },
    { title: t("file.until"), cell: (/** @type {Held} */ row) => find(`until.${row.until}`) ?? html`<${Time} at=${row.until} />` },
  ]} />`;
}

/** @param {{ rows: Origin[] }} props */
function Origins({ rows }) {
  return html`<${Table} caption=${t("file.from")} rows=${rows} id=${(/** @type {Origin} */ row) => `${row.export} ${row.segment}`} columns=${[
    { title: t("segments.name"), head: true, cell: (/** @type {Origin} */ row) => html`<${Told} text=${row.segment} />${row.snapshot && html`<div class="soft">${stampTime(row.snapshot)}</div>`}` },
    { title: t("field.source"), cell: (/** @type {Origin} */ row) => html`<${Told} text=${row.source} />` },
    { title: t("records.columns"), cell: (/** @type {Origin} */ row) => html`<${Told} text=${list(row.columns)} />` },
  ]} />`;
}
