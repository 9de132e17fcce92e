// Why did this person not arrive? Export by export, with a verdict and what would change it.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ApiError, ask as call, at } from "../lib/api.js";
import { wanted } from "../lib/asked.js";
import { problemText, textOf } from "../lib/codes.js";
import { list, stampTime } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { may, me } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { say } from "../lib/told.js";
import { Button, Empty, Facts, Heading, Notice, State, Time, Told } from "../parts/basics.js";
import { Text } from "../parts/form.js";
import { Table } from "../parts/table.js";
import { joined, PersonFile } from "./person-file.js";
import { outcomeText } from "./run-words.js";

/** @type {Record<string, "good" | "warn" | "info">} what is no fault of anybody's is not told as one */
const TONES = { delivered: "good", waiting_for_run: "info", pending: "info", left: "info", removal_due: "info", address_changed: "info" };

export function PersonPage() {
  const who = useStore(me);
  const [text, setText] = useState(wanted.get()?.text ?? "");
  const [of, setOf] = useState(wanted.get()?.export ?? "");
  const [answer, setAnswer] = useState(/** @type {Api.PersonExplained | null} */ (null));
  const [file, setFile] = useState(/** @type {Api.PersonReport | null} */ (null));
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const attempt = async (/** @type {{ next?: string | null } | null} */ before, /** @type {(body: object) => Promise<void>} */ work) => {
    const person = text.trim();
    if (!person || busy) return;
    setBusy(true);
    setError("");
    if (!before) {
      setAnswer(null);
      setFile(null);
    }
    try {
      await work({ ...(person.includes("@") ? { email: person } : { customer_id: person }), ...(of && { export: of }), ...(before?.next && { next: before.next }) });
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problemText(problem));
    } finally {
      setBusy(false);
    }
  };
  const ask = (/** @type {Api.PersonExplained | null} */ before) => attempt(before, async (body) => {
    const { data } = /** @type {{ data: Api.PersonExplained }} */ (await call("POST", "people/explain", { body }));
    setAnswer(before ? together(before, data) : data);
    say(textOf("verdict", data.verdict));
  });
  const report = (/** @type {Api.PersonReport | null} */ before) => attempt(before, async (body) => {
    const { data } = /** @type {{ data: Api.PersonReport }} */ (await call("POST", "people/report", { body }));
    setFile(before ? joined(before, data) : data);
    say(t("file.there"));
  });
  useEffect(() => {
    if (wanted.get()) void ask(null);
    wanted.set(null);
  }, []);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    void ask(null);
  };
  const why = who?.role === "viewer" ? t("person.not_for_viewers") : null;
  return html`<${Heading} title=${t("person.title")} actions=${may("administrator") && html`<a class="button" href="/console/records">${t("records.title")}</a>`}><p>${t("person.what")}</p></${Heading}>
    <form class="tools" onSubmit=${submit} role="search">
      <${Text} field="person" label=${t("person.field")} value=${text} onInput=${setText} type="search" />
      <${Button} type="submit" kind="primary" icon="search" busy=${busy} why=${why}>${t("person.ask")}</${Button}>
      ${may("administrator") && html`<${Button} busy=${busy} onClick=${() => report(null)}>${t("file.ask")}</${Button}>`}
      ${of && html`<${Button} onClick=${() => setOf("")}>${t("person.in_all")}</${Button}>`}
    </form>
    ${of && html`<p class="soft">${t("person.in_export")} <${Told} text=${of} /></p>`}
    ${error && html`<${Notice} tone="bad"><p role="alert">${error}</p></${Notice}>`}
    ${file && html`<div class="actions"><${Button} onClick=${() => print()}>${t("action.print")}</${Button}>${file.next && html`<${Button} busy=${busy} onClick=${() => report(file)}>${t("person.go_on")}</${Button}>`}</div><${PersonFile} of=${file} />`}
    ${answer
      ? html`<${Answer} of=${answer} />${answer.next && html`<div class="actions"><${Button} busy=${busy} onClick=${() => ask(answer)}>${t("person.go_on")}</${Button}></div>`}`
      : !busy && !error && !file && html`<${Empty} title=${t("person.empty")}>${t("person.empty_text")}</${Empty}>`}`;
}

/**
 * @param {Api.PersonExplained} before
 * @param {Api.PersonExplained} more what there was no time for; of an export that came twice the later answer counts, with all runs
 * @returns {Api.PersonExplained}
 */
function together(before, more) {
  const again = new Map(more.exports.map((each) => [each.export, each]));
  const first = before.exports.map((each) => {
    const later = again.get(each.export);
    again.delete(each.export);
    if (!later) return each;
    const known = new Set(each.runs.map((run) => run.id));
    return { ...later, runs: [...each.runs, ...later.runs.filter((run) => !known.has(run.id))] };
  });
  const kept = before.left_out.filter((part) => part.code !== "time");
  return { ...more, exports: [...first, ...again.values()], audiences: [...before.audiences, ...more.audiences.filter((one) => !before.audiences.some((other) => other.audience_id === one.audience_id && other.connection === one.connection))], left_out: [...kept, ...more.left_out] };
}

/** @param {{ of: Api.PersonExplained }} props */
function Answer({ of }) {
  return html`
    <${Verdict} verdict=${of.verdict} steps=${of.would_change} />
    ${of.hidden_exports > 0 && html`<p class="soft">${t("person.hidden", { count: of.hidden_exports })}</p>`}
    ${of.left_out.length > 0 && html`<${Notice} tone="warn" title=${t("person.left_out")}><ul>${of.left_out.map((part) => html`<li><${Told} text=${part.export} />${part.name && html` · <${Told} text=${part.name} />`}: ${find(`left_out.${part.code}`) ?? textOf("error", part)}</li>`)}</ul></${Notice}>`}
    ${of.exports.map((each) => html`<${InExport} key=${each.export} of=${each} />`)}
    ${of.audiences.length > 0 && html`<section aria-labelledby="audiences"><h2 id="audiences">${t("person.audiences")}</h2><div class="table-box"><${Audiences} rows=${of.audiences} /></div></section>`}`;
}

/** @param {{ verdict: Api.Coded, steps: Api.Coded[] }} props */
function Verdict({ verdict, steps }) {
  return html`<${Notice} tone=${TONES[verdict.code] ?? "warn"} title=${textOf("verdict", verdict)}>
    ${steps.length > 0 && html`<p>${t("person.would_change")}</p><ol>${steps.map((step) => html`<li>${textOf("step", step)}</li>`)}</ol>`}
  </${Notice}>`;
}

/** @param {{ of: Api.PersonInExport }} props */
function InExport({ of }) {
  const { held } = of;
  const path = `/console/${at`exports/${of.export}`}`;
  return html`<section class="card stack">
    <h2><a href=${path}><${Told} text=${of.export} /></a></h2>
    <${Verdict} verdict=${of.verdict} steps=${of.would_change} />
    ${of.segments.length > 0 && html`<h3>${t("field.segments")}</h3>
      <ul class="plain-list">${of.segments.map((segment) => html`<li><${Told} text=${segment.name} />: ${t(segment.member === null ? "person.member_unknown" : segment.member ? "person.member" : "person.no_member")}${segment.snapshot && html` <span class="soft">${stampTime(segment.snapshot)}</span>`}</li>`)}</ul>
      ${of.snapshot_newer && html`<p class="soft">${t("person.newer")}</p>`}`}
    ${of.profiles.length > 0 && html`<div class="table-box"><${Profiles} rows=${of.profiles} /></div>`}
    ${of.runs.length > 0 && html`<h3>${t("nav.runs")}</h3><div class="table-box"><${Runs} rows=${of.runs} /></div>`}
    ${held && html`<h3>${t("person.held")}</h3><${Facts} items=${[
      [t("person.tags"), held.tags.length ? html`<${Told} text=${list(held.tags)} />` : "–"],
      [t("person.since"), held.since && html`<${Time} at=${held.since} />`],
      [t("person.made_by"), t(held.created_by_us ? "person.by_us" : "person.not_by_us")],
    ]} />`}
  </section>`;
}

/** @param {{ rows: Api.PersonProfile[] }} props */
function Profiles({ rows }) {
  return html`<${Table} caption=${t("person.profiles")} rows=${rows} id=${(/** @type {Api.PersonProfile} */ row) => `${row.segment} ${row.customer_id}`} columns=${[
    { title: t("outcomes.customer"), head: true, cell: (/** @type {Api.PersonProfile} */ row) => html`<${Told} text=${row.customer_id || "–"} />` },
    { title: t("segments.name"), cell: (/** @type {Api.PersonProfile} */ row) => html`<${Told} text=${row.segment} />` },
    { title: t("person.counts"), cell: (/** @type {Api.PersonProfile} */ row) => html`<${State} state=${row.counts ? "ok" : "off"}>${t(row.counts ? "person.yes" : row.filtered ? "person.filtered" : "person.no")}</${State}>` },
    { title: t("person.consent"), cell: (/** @type {Api.PersonProfile} */ row) => (row.consent ? t(`consent_answer.${row.consent}`) : "–") },
  ]} />`;
}

/** @param {{ rows: Api.PersonRun[] }} props */
function Runs({ rows }) {
  return html`<${Table} caption=${t("nav.runs")} rows=${rows} id=${(/** @type {Api.PersonRun} */ row) => row.id} columns=${[
    { title: t("person.ended"), head: true, cell: (/** @type {Api.PersonRun} */ row) => html`<a href=${`/console/${at`runs/${row.id}`}`}><${Time} at=${row.ended_at} /></a>` },
    { title: t("run.outcome"), cell: (/** @type {Api.PersonRun} */ row) => html`${outcomeText(row.outcome)}<div class="soft"><${Told} text=${row.detail} /></div>` },
  ]} />`;
}

/** @param {{ rows: Api.PersonInAudience[] }} props */
function Audiences({ rows }) {
  const status = (/** @type {Api.PersonInAudience} */ row) =>
    row.status ? (find(`contact_status.${row.status}`) ?? row.status) : t(row.asked_at ? "contact_status.missing" : "contact_status.unknown");
  return html`<${Table} caption=${t("person.audiences")} rows=${rows} id=${(/** @type {Api.PersonInAudience} */ row) => `${row.connection} ${row.audience_id}`} columns=${[
    { title: t("person.audience"), head: true, cell: (/** @type {Api.PersonInAudience} */ row) => html`<${Told} text=${row.audience_id} /><div class="soft"><${Told} text=${row.connection} /></div>` },
    { title: t("person.status"), cell: status },
    { title: t("person.tags"), cell: (/** @type {Api.PersonInAudience} */ row) => html`<${Told} text=${list(row.tags)} />` },
    { title: t("person.last_changed"), cell: (/** @type {Api.PersonInAudience} */ row) => (row.last_changed ? html`<${Time} at=${row.last_changed} />` : "–") },
    { title: t("person.asked_at"), cell: (/** @type {Api.PersonInAudience} */ row) => (row.asked_at ? html`<${Time} at=${row.asked_at} bare=${true} />` : "–") },
  ]} />`;
}
