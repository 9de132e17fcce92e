// What people changed by hand in Mailchimp, each with what is to become of it.
import { html } from "../vendor/preact.js";
import { ApiError, ask, at } from "../lib/api.js";
import { problemText, textOf } from "../lib/codes.js";
import { number } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { complain } from "../lib/told.js";
import { Button, Content, Empty, Time } from "../parts/basics.js";
import { Table } from "../parts/table.js";
import { mayOf } from "./export-actions.js";

/** @typedef {Api.Drift["items"][number]} Item */

/** @param {{ item: Api.Export }} props */
export function Drift({ item }) {
  const path = at`exports/${item.name}/drift`;
  const of = useResource(`${path}?limit=200`);
  const why = mayOf(item, "edit");
  const choose = async (/** @type {string} */ id, /** @type {string} */ choice) => {
    try {
      await ask("POST", `${path}/${id}`, { body: { choice } });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      complain(problemText(error));
    }
    await of.reload();
  };
  const choices = (/** @type {Item} */ one) => html`
    ${one.choice && html`<p class="strong">${t(`drift.${one.choice}`)}</p>`}
    ${one.done_at && html`<p class="soft">${t("drift.done")} <${Time} at=${one.done_at} /></p>`}
    <div class="actions">${one.choices.filter((choice) => choice !== one.choice).map((choice) => html`
      <${Button} small why=${why} label=${`${t(`drift.${choice}`)}: ${textOf("drift", one)}`} onClick=${() => choose(one.id, choice)}>${t(`drift.${choice}`)}</${Button}>`)}</div>`;
  return html`<section aria-labelledby="drift-title"><h2 id="drift-title">${t("drift.title")}</h2>
    <${Content} of=${of}>${(/** @type {Api.Drift} */ { items }) => items.length
      ? html`<div class="table-box"><${Table} caption=${t("drift.title")} rows=${items} id=${(/** @type {Item} */ one) => one.id} columns=${[
        { title: t("proof.what"), head: true, cell: (/** @type {Item} */ one) => html`${textOf("drift", one)}<div class="soft"><${Time} at=${one.first_seen_at} /></div>` },
        { title: t("drift.count"), number: true, cell: (/** @type {Item} */ one) => (one.exact ? "" : "≈ ") + number(one.count) },
        { title: t("drift.choice"), cell: choices },
      ]} /></div>`
      : html`<${Empty} title=${t("drift.none")} />`}</${Content}></section>`;
}
