// What happened to every person: by code, a page at a time; one person found; the file.
import { html, useState } from "../vendor/preact.js";
import { ApiError, ask, at, query, send } from "../lib/api.js";
import { wanted } from "../lib/asked.js";
import { problemText, textOf } from "../lib/codes.js";
import { number } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { go } from "../lib/router.js";
import { Button, Content, Empty, Told } from "../parts/basics.js";
import { Select } from "../parts/form.js";
import { complain, say } from "../lib/told.js";
import { Pages, Table } from "../parts/table.js";
import { outcomeText } from "./run-words.js";

const PAGE = 50;
/** The largest part that the app gives by itself. */
const PART = 8_000_000;

/** @param {{ run: Api.Run }} props */
export function Outcomes({ run }) {
  const [code, setCode] = useState("");
  const [after, setAfter] = useState("");
  const [found, setFound] = useState(/** @type {Api.OutcomeRow[] | null} */ (null));
  const codes = Object.entries(run.outcomes ?? {}).filter(([, count]) => count);
  const path = at`runs/${run.id}/outcomes` + query({ code, after, limit: PAGE });
  const rows = useResource(codes.length && !found ? path : null);
  const page = /** @type {Api.OutcomePage | null} */ (rows.data);
  const choose = (/** @type {string} */ value) => {
    setCode(value);
    setAfter("");
    setFound(null);
  };
  if (!codes.length) return null;
  return html`<section aria-labelledby="outcomes">
    <div class="section-head"><h2 id="outcomes">${t("outcomes.title")}</h2><${Download} run=${run} code=${code} url=${page?.csv_url} /></div>
    <div class="tools">
      <${Select} field="code" label=${t("outcomes.by_code")} value=${code} onChange=${choose}
        options=${[["", t("exports.all")], ...codes.map(([each, count]) => [each, `${outcomeText(each)} (${number(count)})`])]} />
      <${Search} run=${run} onFound=${setFound} />
    </div>
    ${found
      ? html`<p>${t("outcomes.found", { count: found.length })} <${Button} small=${true} onClick=${() => setFound(null)}>${t("outcomes.all_again")}</${Button}></p>
        ${found.length > 0 && html`<div class="table-box"><${Rows} rows=${found} of=${run.export} /></div>`}`
      : html`<${Content} of=${rows}>${(/** @type {Api.OutcomePage} */ { items, next }) => items.length
          ? html`<div class="table-box"><${Rows} rows=${items} of=${run.export} /></div>
            <${Pages} next=${next} onNext=${() => setAfter(next ?? "")} onFirst=${after ? () => setAfter("") : null} />`
          : html`<${Empty} title=${t("outcomes.none")} />`}</${Content}>`}
  </section>`;
}

/** @param {{ rows: Api.OutcomeRow[], of: string }} props of: the export */
function Rows({ rows, of }) {
  // Whose persons are not shown has no CustomerId, and an address that is none.
  const shown = rows.some((row) => row.customer_id !== null);
  const explain = (/** @type {Api.OutcomeRow} */ row) => {
    wanted.set({ text: row.email || (row.customer_id ?? ""), export: of });
    go("person");
  };
  return html`<${Table} caption=${t("outcomes.title")} rows=${rows.map((row, i) => ({ ...row, i }))} id=${(/** @type {{ i: number }} */ row) => String(row.i)} columns=${[
    { title: t("outcomes.address"), head: true, cell: (/** @type {Api.OutcomeRow} */ row) => html`<${Told} text=${row.email || "–"} />` },
    { title: t("outcomes.customer"), cell: (/** @type {Api.OutcomeRow} */ row) => html`<${Told} text=${row.customer_id ?? "–"} />` },
    { title: t("run.outcome"), cell: (/** @type {Api.OutcomeRow} */ row) => html`${outcomeText(row.code)}<div class="soft"><${Told} text=${reason(row)} /></div>` },
    { title: t("field.segments"), cell: (/** @type {Api.OutcomeRow} */ row) => html`<${Told} text=${row.segments.join(", ")} />` },
    ...(shown
      ? [{ title: t("table.actions"), cell: (/** @type {Api.OutcomeRow} */ row) => (row.email || row.customer_id) && html`<${Button} small=${true} label=${t("person.explain", { name: row.email || (row.customer_id ?? "") })} onClick=${() => explain(row)}>${t("person.ask")}</${Button}>` }]
      : []),
  ]} />`;
}

/** @param {Api.OutcomeRow} row */
function reason(row) {
  return row.reason ? textOf("reason", { ...row.reason, detail: row.detail ?? "" }) : (row.detail ?? "");
}

/** @param {{ run: Api.Run, onFound: (rows: Api.OutcomeRow[]) => void }} props the person's address goes in the body, never in a URL */
function Search({ run, onFound }) {
  const [text, setText] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const search = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const wanted = text.trim();
    if (!wanted || busy) return;
    setBusy(true);
    setError("");
    try {
      const body = wanted.includes("@") ? { email: wanted } : { customer_id: wanted };
      const { data } = /** @type {{ data: Api.OutcomePage }} */ (await ask("POST", at`runs/${run.id}/outcomes/search`, { body }));
      onFound(data.items);
      say(t("outcomes.found", { count: data.items.length }));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problemText(problem));
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="actions grow" onSubmit=${search} role="search">
    <div class=${error ? "field wrong" : "field"}><label class="label" for="person">${t("outcomes.person")}</label>
      <input id="person" type="search" autocomplete="off" value=${text} onInput=${(/** @type {any} */ event) => setText(event.target.value)}
        aria-describedby=${error ? "person-problem" : undefined} /></div>
    <${Button} type="submit" icon="search" busy=${busy}>${t("outcomes.search")}</${Button}>
    ${error && html`<p class="problem" id="person-problem" role="alert">${error}</p>`}
  </form>`;
}

/** @param {{ run: Api.Run, code: string, url?: string | null | undefined }} props by a signed link where there is one, else in parts through the app */
function Download({ run, code, url }) {
  const [busy, setBusy] = useState(false);
  const name = `${run.id}${code && `-${code}`}.csv`;
  if (url) return html`<a class="button" href=${url} download=${name} rel="noreferrer">${t("outcomes.csv")}</a>`;
  const save = async () => {
    setBusy(true);
    try {
      saveFile(name, await inParts(at`runs/${run.id}/outcomes` + query({ code })));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      complain(problemText(error));
    } finally {
      setBusy(false);
    }
  };
  return html`<${Button} icon="down" busy=${busy} onClick=${save}>${t("outcomes.csv")}</${Button}>`;
}

/** @param {string} path */
async function inParts(path) {
  /** @type {Blob[]} */
  const parts = [];
  for (let from = 0; ; from += PART) {
    const response = await send("GET", path, { headers: { Accept: "text/csv", Range: `bytes=${from}-${from + PART - 1}` } });
    if (response.status === 416) break;
    if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => ({})));
    parts.push(await response.blob());
    const total = Number(/\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "")?.[1] ?? 0);
    if (response.status !== 206 || from + PART >= total) break;
  }
  return new Blob(parts, { type: "text/csv" });
}

/**
 * @param {string} name
 * @param {Blob} content
 */
function saveFile(name, content) {
  const url = URL.createObjectURL(content);
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
