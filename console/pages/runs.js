// Runs of all exports, newest first.
import { html, useCallback, useState } from "../vendor/preact.js";
import { at, query } from "../lib/api.js";
import { textOf } from "../lib/codes.js";
import { duration } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Content, Empty, Heading, Progress, State, Time, Told } from "../parts/basics.js";
import { Select } from "../parts/form.js";
import { Pages, Table } from "../parts/table.js";
import { countsText, runState } from "./run-words.js";

const STATES = ["queued", "planning", "running", "succeeded", "partial", "failed", "skipped", "cancelled"];

export function RunsPage() {
  const [status, setStatus] = useState("");
  const [before, setBefore] = useState("");
  const runs = useResource(
    `runs${query({ status, before, limit: 50 })}`,
    useCallback((/** @type {Api.RunList} */ { items }) => items.some((run) => !run.ended_at), []),
  );
  const choose = (/** @type {string} */ value) => {
    setStatus(value);
    setBefore("");
  };
  return html`<${Heading} title=${t("nav.runs")}><p>${t("runs.what")}</p></${Heading}>
    <div class="tools"><${Select} field="status" label=${t("exports.filter")} value=${status} onChange=${choose}
      options=${[["", t("exports.all")], ...STATES.map((state) => [state, runState(state)])]} /></div>
    <${Content} of=${runs}>${(/** @type {Api.RunList} */ { items, next }) => items.length
      ? html`<div class="table-box"><${RunTable} runs=${items} named=${true} /></div>
        <${Pages} next=${next} onNext=${() => setBefore(next ?? "")} onFirst=${before ? () => setBefore("") : null} />`
      : html`<${Empty} title=${t("run.none")}>${t("run.none_text")}</${Empty}>`}
    </${Content}>`;
}

/** @param {{ runs: Api.Run[], named?: boolean }} props named: says of which export each is */
export function RunTable({ runs, named }) {
  /** @type {import("../parts/table.js").Column<Api.Run>[]} */
  const columns = [
    {
      title: t("run.begun"),
      head: true,
      cell: (run) => html`<a href=${`/console/${at`runs/${run.id}`}`}><${Time} at=${run.submitted_at} /></a>
        <div class="soft">${kindText(run)}</div>`,
    },
    ...(named
      ? [{ title: t("run.export"), cell: (/** @type {Api.Run} */ run) => html`<a href=${`/console/${at`exports/${run.export}`}`}><${Told} text=${run.export} /></a>` }]
      : []),
    {
      title: t("exports.state"),
      cell: (run) => html`<${State} state=${run.status}>${runState(run.status)}</${State}>
        ${!run.ended_at && html`<${Progress} done=${run.progress.contacts_done} total=${run.progress.contacts_total} label=${t("run.progress_of", { name: run.export })} />`}`,
    },
    {
      title: t("run.result"),
      cell: (run) => (run.error ? textOf("error", run.error) : run.preview ? t("run.preview_nothing") : countsText(run.counts)),
    },
    { title: t("run.took"), cell: (run) => tookText(run) },
  ];
  return html`<${Table} caption=${t("nav.runs")} rows=${runs} id=${(/** @type {Api.Run} */ run) => run.id} columns=${columns} />`;
}

/** @param {Api.Run} run */
export function kindText(run) {
  if (run.preview) return t("run.preview");
  return find(`triggered_by.${run.triggered_by}`) ?? t(run.kind === "scheduled" ? "run.scheduled" : "run.on_demand");
}

/** @param {Api.Run} run */
export function tookText(run) {
  if (!run.started_at || !run.ended_at) return "–";
  return duration((Date.parse(run.ended_at) - Date.parse(run.started_at)) / 1000);
}
