// One run or preview: how far it is, what came of it, what to do about it, and every person's outcome.
import { html, useCallback, useEffect, useRef, useState } from "../vendor/preact.js";
import { ask, at } from "../lib/api.js";
import { adviceOf, textOf } from "../lib/codes.js";
import { duration, number, percent, stampTime } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { usePolling, useResource } from "../lib/resource.js";
import { may } from "../lib/session.js";
import { Button, Content, Facts, Heading, Notice, Progress, State, Time, Told } from "../parts/basics.js";
import { Confirm } from "../parts/dialog.js";
import { say } from "../lib/told.js";
import { Bar, TimePlot } from "../parts/plot.js";
import { Table } from "../parts/table.js";
import { isUndelivered, kindBox, RUN_KINDS, startRun } from "./export-actions.js";
import { Outcomes } from "./outcomes.js";
import { Bill, Plan } from "./preview.js";
import { outcomeText, rate, runState } from "./run-words.js";
import { kindText, tookText } from "./runs.js";

/** @param {{ id: string }} props */
export function RunPage({ id }) {
  const run = useResource(at`runs/${id}`, useCallback((/** @type {Api.Run} */ found) => !found.ended_at, []));
  useAnnounced(/** @type {Api.Run | null} */ (run.data));
  return html`<${Content} of=${run} title=${t("run.title")}>${(/** @type {Api.Run} */ found) => html`<${Run} run=${found} reload=${run.reload} />`}</${Content}>`;
}

/**
 * Tells screen readers when the run's state changes.
 * @param {Api.Run | null} run
 */
function useAnnounced(run) {
  const before = useRef("");
  useEffect(() => {
    if (!run) return;
    if (before.current && before.current !== run.status) say(t("run.now", { state: runState(run.status) }));
    before.current = run.status;
  }, [run?.status]);
}

/** @param {{ run: Api.Run, reload: () => Promise<void> }} props */
function Run({ run, reload }) {
  const [asking, ask_] = useState(false);
  const [givingUp, giveUp] = useState(false);
  const name = html`<a href=${`/console/${at`exports/${run.export}`}`}><${Told} text=${run.export} /></a>`;
  const cancel = !run.ended_at && html`<${Button} icon="ban" why=${may("contributor") ? null : t("why.contributor")} onClick=${() => ask_(true)}>${t("action.cancel_run")}</${Button}>`;
  // What has come on within the hour is refused by the app; younger runs can't be stuck.
  const old = !run.ended_at && Date.now() - Date.parse(run.submitted_at) > 3600_000;
  const abandon = old && may("administrator") && html`<${Button} icon="trash" onClick=${() => giveUp(true)}>${t("action.abandon_run")}</${Button}>`;
  return html`
    <${Heading} above=${name} title=${t(run.preview ? "run.preview" : "run.title")} actions=${html`${cancel}${abandon}<${Again} run=${run} />`}>
      <p><${State} state=${run.status}>${runState(run.status)}</${State}> · ${!run.preview && html`${kindText(run)} · `} <${Time} at=${run.submitted_at} /></p>
    </${Heading}>
    ${run.error && html`<${Notice} tone=${run.status === "failed" ? "bad" : "warn"} title=${textOf("error", run.error)}><p>${adviceOf("error", run.error)}</p></${Notice}>`}
    ${!run.ended_at && html`<${Under} run=${run} />`}
    <${Stages} run=${run} />
    ${run.preview ? run.plan && html`<${Plan} run=${run} plan=${run.plan} />` : html`<${Result} run=${run} />`}
    <${Warnings} run=${run} />
    ${!run.preview && html`<${Plots} run=${run} />`}
    ${!run.preview && run.ended_at && html`<${Outcomes} run=${run} />`}
    <${About} run=${run} />
    ${asking && html`<${Confirm} title=${t("run.cancel_title")} action=${t("action.cancel_run")} danger=${true} onClose=${() => ask_(false)}
      onConfirm=${async () => { await ask("POST", at`runs/${run.id}/cancel`); say(t("run.cancelling")); await reload(); }}>
      <p>${t("run.cancel_text", { done: run.progress.contacts_done, total: run.progress.contacts_total })}</p></${Confirm}>`}
    ${givingUp && html`<${Confirm} title=${t("run.abandon_title")} action=${t("action.abandon_run")} danger=${true} onClose=${() => giveUp(false)}
      onConfirm=${async () => { await ask("POST", at`runs/${run.id}/abandon`); say(t("run.abandoning")); await reload(); }}>
      <p>${t("run.abandon_text")}</p></${Confirm}>`}`;
}

/** @param {{ run: Api.Run }} props what is to be done next */
function Again({ run }) {
  const why = may("contributor") ? null : t("why.contributor");
  const [asking, setAsking] = useState(false);
  if (!run.ended_at) return null;
  if (run.preview && run.status === "succeeded") {
    return html`<${Button} kind="primary" icon="play" why=${why} onClick=${() => setAsking(true)}>${t("preview.run_this")}</${Button}>
      ${asking && html`<${RunThis} run=${run} onClose=${() => setAsking(false)} />`}`;
  }
  return html`<${Button} icon="eye" why=${why} onClick=${() => startRun(run.export, { preview: true })}>${t("action.preview")}</${Button}>
    ${!run.preview && html`<${Button} icon="play" why=${why} onClick=${() => setAsking(true)}>${t("action.run_again")}</${Button}>`}
    ${asking && html`<${RunThis} run=${run} onClose=${() => setAsking(false)} />`}`;
}

/** @param {{ run: Api.Run, onClose: () => void }} props what was withheld may be allowed, in numbers */
function RunThis({ run, onClose }) {
  const withheld = run.plan?.withheld ?? run.withheld;
  const [removals, allowRemovals] = useState(false);
  const [additions, allowAdditions] = useState(false);
  const chosen = useState(/** @type {import("./export-actions.js").RunKind} */ (""));
  const count = (withheld?.removals ?? 0) + (withheld?.withdrawals ?? 0);
  const counts = run.plan?.counts;
  return html`<${Confirm} title=${t("run.start_title", { name: run.export })} action=${t("action.run")} danger=${removals} onClose=${onClose}
    onConfirm=${() => startRun(run.export, { ...RUN_KINDS[chosen[0]], ...(removals && { allow_removals: true }), ...(additions && { allow_additions: true }) })}>
    ${counts && html`<p>${t("preview.will", { send: counts.to_upsert + counts.to_tag, untag: counts.to_untag })}</p>`}
    ${isUndelivered(run.counts) && kindBox("only", chosen)}
    ${count > 0 && html`<label class="check"><input type="checkbox" checked=${removals} onChange=${(/** @type {any} */ event) => allowRemovals(event.target.checked)} />
      <span>${t("run.allow_removals", { count })}<span class="hint">${t("run.allow_hint")}</span></span></label>`}
    ${(withheld?.additions ?? 0) > 0 && html`<label class="check"><input type="checkbox" checked=${additions} onChange=${(/** @type {any} */ event) => allowAdditions(event.target.checked)} />
      <span>${t("run.allow_additions", { count: withheld?.additions ?? 0 })}</span></label>`}
  </${Confirm}>`;
}

/** @param {{ run: Api.Run }} props */
function Under({ run }) {
  const { contacts_done: done, contacts_total: total, contacts_per_second: speed, expected_end: end } = run.progress;
  return html`<div class="card stack">
    <${Progress} done=${done} total=${total} label=${t("run.progress")} />
    <p class="actions">
      <span class="strong">${total ? t("run.done_of", { done, total }) : t("run.preparing")}</span>
      ${total > 0 && html`<span class="soft">${percent(done, total)}</span>`}
      ${speed > 0 && html`<span class="soft">${rate(speed)}</span>`}
      ${end && html`<span class="soft">${t("run.expected")} <${Time} at=${end} bare=${true} /></span>`}
    </p>
    ${run.waiting && html`<p>${textOf("waiting", run.waiting)}</p>`}
  </div>`;
}

/** @param {{ run: Api.Run }} props */
function Stages({ run }) {
  const stages = Object.entries(run.stages ?? {}).filter(([, stage]) => stage?.began_at || stage?.ended_at);
  if (!stages.length) return null;
  return html`<section aria-labelledby="stages"><h2 id="stages" class="hidden">${t("run.stages")}</h2><ol class="stages">${stages.map(([name, stage]) => html`
    <li class=${stage?.ended_at ? "done" : "now"}><span>${find(`stage.${name}`) ?? name}</span>
      <div class="soft">${stage?.ended_at || run.ended_at ? duration(stage?.seconds ?? 0) : t("run.stage_now")}</div></li>`)}</ol></section>`;
}

/** @param {{ run: Api.Run }} props counts by outcome with shares, and against the run before */
function Result({ run }) {
  const rows = Object.entries(run.outcomes ?? {}).filter(([, count]) => count).sort((one, other) => other[1] - one[1]);
  const all = rows.reduce((sum, [, count]) => sum + count, 0);
  const most = rows[0]?.[1] ?? 0;
  const before = run.compared_with_previous;
  const tiles = /** @type {const} */ (["profiles", "contacts", "created", "updated", "skipped", "rejected", "failed"]);
  const difference = (/** @type {string} */ name) => {
    const value = before?.counts?.[name]?.difference;
    return value ? t("run.difference", { difference: `${value > 0 ? "+" : "−"}${number(Math.abs(value))}` }) : null;
  };
  if (!run.ended_at && !all) return null;
  return html`<section aria-labelledby="result"><h2 id="result">${t("run.result")}</h2>
    <div class="tiles">${tiles.map((name) => html`<div class="tile"><b>${number(run.counts[name])}</b><span>${t(`tile.${name}`)}</span>
      ${difference(name) && html`<div class="soft">${difference(name)}</div>`}</div>`)}</div>
    ${rows.length > 0 && html`<br /><div class="table-box"><${Table} caption=${t("run.by_outcome")} rows=${rows} id=${(/** @type {[string, number]} */ [code]) => code} columns=${[
      { title: t("run.outcome"), head: true, cell: (/** @type {[string, number]} */ [code]) => outcomeText(code) },
      { title: t("run.people"), number: true, cell: (/** @type {[string, number]} */ [, count]) => number(count) },
      { title: t("run.share"), cell: (/** @type {[string, number]} */ [, count]) => html`<${Bar} value=${count} most=${most}>${percent(count, all)}</${Bar}>` },
    ]} /></div>`}
    ${run.bill?.audience_after && html`<br /><div class="card stack"><h3>${t("preview.bill")}</h3><${Bill} bill=${run.bill} /></div>`}
  </section>`;
}

/** @param {{ run: Api.Run }} props each with what to do */
function Warnings({ run }) {
  if (!run.warnings?.length) return null;
  return html`<section aria-labelledby="warnings"><h2 id="warnings">${t("run.warnings")}</h2>
    ${run.warnings.map((warning) => html`<${Notice} tone="warn"><p>${textOf("warning", warning)}</p><p class="soft">${adviceOf("warning", warning)}</p></${Notice}>`)}</section>`;
}

/** @param {{ run: Api.Run }} props */
function Plots({ run }) {
  const series = useResource(run.started_at ? at`runs/${run.id}/series` : null);
  usePolling(!run.ended_at, series.reload);
  // The last calls are told only at the run's end.
  const seen = useRef(run.ended_at);
  useEffect(() => {
    if (seen.current !== run.ended_at) void series.reload();
    seen.current = run.ended_at;
  }, [run.ended_at, series.reload]);
  const data = /** @type {Api.Series | null} */ (series.data);
  if (!data || !data.from) return null;
  const begin = Date.parse(data.from);
  const points = (/** @type {number[]} */ values) => values.map((value, i) => ({ at: new Date(begin + i * data.every_seconds * 1000).toISOString(), value }));
  if ((data.calls_in_flight?.length ?? 0) < 2) return null;
  return html`<section class="columns" aria-label=${t("plot.section")}>
    <div class="card"><${TimePlot} title=${t("plot.calls")} unit=${t("plot.calls_unit")} points=${points(data.calls_in_flight)} /></div>
    <div class="card"><${TimePlot} title=${t("plot.rate")} unit=${t("plot.rate_unit")} points=${points(data.contacts_per_second)} /></div>
  </section>`;
}

/** @param {{ run: Api.Run }} props */
function About({ run }) {
  const snapshots = Object.entries(run.snapshots ?? {});
  return html`<section aria-labelledby="about"><h2 id="about">${t("run.about")}</h2><div class="card"><${Facts} items=${[
    [t("run.asked_by"), html`<${Told} text=${run.requested_by} />`],
    [t("run.started_at"), run.started_at && html`<${Time} at=${run.started_at} />`],
    [t("run.ended_at"), run.ended_at && html`<${Time} at=${run.ended_at} />`],
    [t("run.took"), tookText(run)],
    [t("run.snapshots"), snapshots.length > 0 && html`<ul class="plain-list">${snapshots.map(([name, stamp]) => html`<li><${Told} text=${name} />: ${stampTime(stamp)}</li>`)}</ul>`],
    [t("run.id"), html`<code>${run.id}</code>`],
  ]} /></div></section>`;
}
