// One export: how it stands, what it does, its runs, and everything that has happened to it.
import { html, useCallback, useState } from "../vendor/preact.js";
import { at, query } from "../lib/api.js";
import { textOf } from "../lib/codes.js";
import { list } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { go } from "../lib/router.js";
import { Button, Content, Empty, Facts, Heading, Notice, Told } from "../parts/basics.js";
import { TimePlot } from "../parts/plot.js";
import { Pages } from "../parts/table.js";
import { ExportMenu, mayOf, startPreview, useExportActions } from "./export-actions.js";
import { ExportState, Next } from "./exports.js";
import { filterLines } from "./form-filter.js";
import { History } from "./history.js";
import { RunTable } from "./runs.js";
import { scheduleText } from "./schedule-words.js";

/** @param {{ name: string }} props */
export function ExportPage({ name }) {
  const item = useResource(
    at`exports/${name}`,
    useCallback((/** @type {Api.Export} */ found) => Boolean(found.active_run), []),
  );
  const actions = useExportActions(item.reload, () => go("exports"));
  return html`<${Content} of=${item} title=${name}>${(/** @type {Api.Export} */ found) => html`
    <${Heading} above=${html`<a href="/console/exports">${t("nav.exports")}</a>`} title=${found.display_name} actions=${html`
      <${Button} icon="eye" why=${found.active_run ? t("why.running") : mayOf(found, "run")} onClick=${() => startPreview(name)}>${t("action.preview")}</${Button}>
      <${Button} icon="pencil" onClick=${() => go(`${at`exports/${name}`}/edit`)}>${t(mayOf(found, "edit") ? "action.view" : "action.edit")}</${Button}>
      <${Button} icon="check" onClick=${() => go(`${at`exports/${name}`}/proof`)}>${t("proof.title")}</${Button}>
      <${ExportMenu} item=${found} actions=${actions} />`} />
    <${Warnings} item=${found} />
    <div class="columns">
      <div class="card stack"><h2>${t("export.now")}</h2><${ExportState} item=${found} />
        <${Facts} items=${[[t("exports.next"), html`<${Next} item=${found} />`], [t("export.contacts"), found.contacts]]} /></div>
      <div class="card stack"><h2>${t("export.what")}</h2><${What} item=${found} /></div>
    </div>
    <${Runs} name=${name} active=${found.active_run} />
    <${History} name=${name} key=${found.updated_at} />
    ${actions.dialog}`}
  </${Content}>`;
}

/** @param {{ item: Api.Export }} props */
function Warnings({ item }) {
  const detached = !item.connection && html`<${Notice} tone="warn" title=${t("exports.detached")}><p>${t("export.detached_text")}</p></${Notice}>`;
  return html`${detached}${(item.warnings ?? []).map((warning) => html`<${Notice} tone="warn"><p>${textOf("warning", warning)}</p></${Notice}>`)}`;
}

/** @param {{ item: Api.Export }} props */
function What({ item }) {
  const fields = Object.keys(item.merge_fields ?? {});
  return html`<${Facts} items=${[
    [t("export.connection"), item.connection && html`<${Told} text=${item.connection_display_name || item.connection} />`],
    [t("form.audience"), html`<${Told} text=${item.audience_name || item.audience_id} />`],
    [t("field.segments"), html`<${Told} text=${list(item.segments.map((segment) => segment.name))} />`],
    [t("field.filter"), item.filter && html`<ul class="plain-list">${filterLines(item.filter).map((line) => html`<li><${Told} text=${line} /></li>`)}</ul>`],
    [t("export.fields"), html`<${Told} text=${list([item.email_field, ...fields])} />`],
    [t("field.consent"), item.consent ? html`<${Told} text=${item.consent.field} />` : t("export.no_consent")],
    [t("field.leavers"), t(`leavers.${item.leavers}`)],
    [t("field.schedule"), scheduleText(item.schedule)],
  ]} />`;
}

/** @param {{ name: string, active: string | null | undefined }} props */
function Runs({ name, active }) {
  const [before, setBefore] = useState("");
  const path = `${at`exports/${name}/runs`}${query({ limit: 10, before })}`;
  const runs = useResource(path, useCallback(() => Boolean(active), [active]));
  return html`<section aria-labelledby="runs-title"><h2 id="runs-title">${t("nav.runs")}</h2>
    <${Content} of=${runs}>${(/** @type {Api.RunList} */ { items, next }) => items.length
      ? html`<${Held} runs=${items} /><div class="table-box"><${RunTable} runs=${items} /></div>
        <${Pages} next=${next} onNext=${() => setBefore(next ?? "")} onFirst=${before ? () => setBefore("") : null} />`
      : html`<${Empty} title=${t("run.none")}>${t("run.none_text")}</${Empty}>`}
    </${Content}></section>`;
}

/** @param {{ runs: Api.Run[] }} props contacts held over time, oldest first */
function Held({ runs }) {
  const points = runs
    .filter((run) => run.ended_at && !run.preview && run.contacts_held != null)
    .map((run) => ({ at: run.ended_at ?? "", value: run.contacts_held ?? 0 }))
    .reverse();
  if (points.length < 2) return null;
  return html`<div class="card"><${TimePlot} title=${t("plot.contacts_held")} unit=${t("plot.contacts")} points=${points} /></div><br />`;
}
