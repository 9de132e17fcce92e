// Whether an export's audience is what was promised: verified, told by reason, and repaired.
import { html, useState } from "../vendor/preact.js";
import { ApiError, ask, at, query } from "../lib/api.js";
import { problemText, textOf } from "../lib/codes.js";
import { number } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { complain } from "../lib/told.js";
import { Button, Content, Empty, Facts, Failure, Heading, Progress, State, Time, Told } from "../parts/basics.js";
import { Confirm } from "../parts/dialog.js";
import { Pages, Table } from "../parts/table.js";
import { Drift } from "./drift.js";
import { mayOf, startRun } from "./export-actions.js";

const PAGE = 50;

/** @param {{ name: string }} props */
export function ProofPage({ name }) {
  const item = useResource(at`exports/${name}`);
  return html`<${Content} of=${item} title=${name}>${(/** @type {Api.Export} */ found) => html`<${Proof} item=${found} />`}</${Content}>`;
}

/** @param {Api.Proof} found */
function isActive(found) {
  return found.status === "waiting" || found.status === "running";
}

/** @param {{ item: Api.Export }} props */
function Proof({ item }) {
  const path = at`exports/${item.name}/verification`;
  const of = useResource(path, isActive);
  const [repairing, setRepairing] = useState(false);
  // The first time there is none yet.
  const never = of.error?.status === 404;
  const now = /** @type {Api.Proof | null} */ (never ? null : of.data);
  const call = async (/** @type {string} */ method) => {
    try {
      const { data } = /** @type {{ data: Api.Proof }} */ (await ask(method, path));
      of.put(data);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      complain(problemText(error));
      await of.reload();
    }
  };
  const why = mayOf(item, "run");
  const active = now !== null && isActive(now);
  const repairable = now?.status === "succeeded" ? now.differing.filter((one) => one.repairable) : [];
  const count = repairable.reduce((sum, one) => sum + one.count, 0);
  return html`
    <${Heading} above=${html`<a href=${`/console/${at`exports/${item.name}`}`}>${item.display_name}</a>`} title=${t("proof.title")} actions=${html`
      ${active
        ? html`<${Button} icon="ban" why=${why} onClick=${() => call("DELETE")}>${t("proof.stop")}</${Button}>`
        : html`<${Button} icon="check" why=${why} onClick=${() => call("POST")}>${t("proof.verify")}</${Button}>`}
      <${Button} icon="play" why=${why ?? (count ? null : t("proof.nothing"))} onClick=${() => setRepairing(true)}>${t("proof.repair")}</${Button}>`}>
      <p>${t("proof.text")}</p></${Heading}>
    ${!never && of.error && html`<${Failure} error=${of.error} again=${of.reload} />`}
    ${never && html`<${Empty} title=${t("proof.never")} />`}
    ${now && html`<${Standing} now=${now} />
      ${now.status === "succeeded" && now.differing.length > 0 && html`<${Kinds} now=${now} /><${Rows} key=${now.id} path=${`${path}/rows`} />`}`}
    <${Drift} item=${item} />
    ${repairing && html`<${Confirm} title=${t("proof.repair")} action=${t("proof.repair")} onClose=${() => setRepairing(false)}
      onConfirm=${() => startRun(item.name, { repair: true })}><p>${t("proof.repair_text", { count })}</p></${Confirm}>`}`;
}

/** @param {{ now: Api.Proof }} props how it stands */
function Standing({ now }) {
  const state = { waiting: "queued", stopped: "cancelled", running: "running", succeeded: "succeeded", failed: "failed" }[now.status];
  const { values, tags } = now.not_compared;
  const rows = now.differing.reduce((sum, one) => sum + one.count, 0);
  return html`<div class="card stack">
    <${State} state=${state}>${t(`proof.status.${now.status}`)}</${State}>
    ${now.waiting && html`<p>${textOf("waiting", now.waiting)}</p>`}
    ${now.error && html`<p>${textOf("error", now.error)}</p>`}
    ${isActive(now) && html`<${Progress} done=${now.progress.done} total=${now.progress.total} label=${t("proof.read")} />`}
    <${Facts} items=${[
      [t("proof.read"), `${number(now.progress.done)} / ${number(now.progress.total)}`],
      [t("proof.as_promised"), now.as_promised === null ? null : number(now.as_promised)],
      [t("proof.differing"), now.as_promised === null ? null : number(rows)],
      [t("proof.not_compared"), values || tags ? t("proof.not_compared_text", { values: number(values), tags: number(tags) }) : null],
      [t("proof.checked"), now.checked_at && html`<${Time} at=${now.checked_at} />`],
      [t("run.title"), now.run && html`<a href=${`/console/${at`runs/${now.run}`}`}>${now.run}</a>`],
    ]} /></div>`;
}

/** @typedef {Api.Proof["differing"][number]} Kind */

/** @param {{ now: Api.Proof }} props how many differ, by what and why */
function Kinds({ now }) {
  return html`<section><div class="table-box"><${Table} caption=${t("proof.differing")} rows=${now.differing} id=${(/** @type {Kind} */ one) => `${one.code}-${one.what}-${one.repairable}`} columns=${[
    { title: t("proof.what"), head: true, cell: (/** @type {Kind} */ one) => t(`proof_what.${one.what}`) },
    { title: t("proof.why"), cell: (/** @type {Kind} */ one) => t(`proof_code.${one.code}`) },
    { title: t("proof.rows"), number: true, cell: (/** @type {Kind} */ one) => number(one.count) },
    { title: t("proof.repairable"), cell: (/** @type {Kind} */ one) => t(one.repairable ? "proof.yes" : "proof.no") },
  ]} /></div></section>`;
}

/** @param {{ path: string }} props who differs, a page at a time */
function Rows({ path }) {
  const [after, setAfter] = useState("");
  const rows = useResource(path + query({ after, limit: PAGE }));
  return html`<section aria-labelledby="proof-rows"><h2 id="proof-rows">${t("proof.who")}</h2>
    <${Content} of=${rows}>${(/** @type {Api.ProofRows} */ { items, next }) => html`
      <div class="table-box"><${Table} caption=${t("proof.who")} rows=${items.map((row, i) => ({ ...row, i }))} id=${(/** @type {{ i: number }} */ row) => String(row.i)} columns=${[
        { title: t("outcomes.address"), head: true, cell: (/** @type {Api.ProofRow} */ row) => html`<${Told} text=${row.email || "–"} />` },
        { title: t("outcomes.customer"), cell: (/** @type {Api.ProofRow} */ row) => html`<${Told} text=${row.customer_id || "–"} />` },
        { title: t("proof.what"), cell: (/** @type {Api.ProofRow} */ row) => html`${t(`proof_what.${row.what}`)}${row.field && html`<div class="soft"><${Told} text=${row.field} /></div>`}` },
        { title: t("proof.why"), cell: (/** @type {Api.ProofRow} */ row) => t(`proof_code.${row.code}`) },
        { title: t("proof.repairable"), cell: (/** @type {Api.ProofRow} */ row) => t(row.repairable ? "proof.yes" : "proof.no") },
      ]} /></div>
      <${Pages} next=${next} onNext=${() => setAfter(next ?? "")} onFirst=${after ? () => setAfter("") : null} />`}</${Content}></section>`;
}
