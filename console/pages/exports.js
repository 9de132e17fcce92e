// All exports in one table: what they do, how they stand, and what can be done with them.
import { html, useCallback, useEffect, useState } from "../vendor/preact.js";
import { ask, at, get, query } from "../lib/api.js";
import { textOf } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { go } from "../lib/router.js";
import { useResource } from "../lib/resource.js";
import { may } from "../lib/session.js";
import { Button, Content, Empty, Heading, Notice, Progress, State, Time, Told } from "../parts/basics.js";
import { Confirm } from "../parts/dialog.js";
import { Select, Text } from "../parts/form.js";
import { say } from "../lib/told.js";
import { Pages, Table } from "../parts/table.js";
import { countsText, runState } from "./run-words.js";
import { readable } from "./sources.js";
import { ExportMenu, RunAll, mayOf, useExportActions } from "./export-actions.js";

const PAGE = 50;
const STATES = ["running", "succeeded", "partial", "failed", "skipped", "cancelled", "never_run"];

export function ExportsPage() {
  const [search, setSearch] = useState("");
  const [asked, setAsked] = useState("");
  const [status, setStatus] = useState("");
  const [sort, setSort] = useState("display_name");
  const [after, setAfter] = useState(/** @type {string | null} */ (null));
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  useEffect(() => {
    const timer = setTimeout(() => setAsked(search.trim()), 200);
    return () => clearTimeout(timer);
  }, [search]);
  useEffect(() => setAfter(null), [asked, status, sort]);

  const path = `exports${query({ search: asked, status, sort, after, limit: PAGE })}`;
  const exports = useResource(
    path,
    useCallback((/** @type {Api.ExportList} */ { items }) => readable(items).some((item) => item.active_run), []),
  );
  const actions = useExportActions(exports.reload);
  const filtered = Boolean(asked || status || after);
  const add = html`<${Button} kind="primary" icon="plus" why=${may("contributor") ? null : t("why.contributor")}
    onClick=${() => go("new-export")}>${t("export.add")}</${Button}>`;

  return html`
    <${Heading} title=${t("nav.exports")} actions=${html`<${RunAll} onDone=${exports.reload} />${add}`}>
      <p>${t("exports.what")}</p>
    </${Heading}>
    <${Content} of=${exports}>${(/** @type {Api.ExportList} */ { items: all, next }) => {
      const items = readable(all);
      return html`<${Unreadable} items=${all} />${!all.length && !filtered
      ? html`<${FirstSteps} add=${add} />`
      : html`
        <div class="tools">
          <${Text} field="search" type="search" label=${t("exports.search")} value=${search} onInput=${setSearch} />
          <${Select} field="status" label=${t("exports.filter")} value=${status} onChange=${setStatus}
            options=${[["", t("exports.all")], ...STATES.map((state) => [state, runState(state)])]} />
        </div>
        ${items.length
          ? html`<div class="table-box">
              ${chosen.length > 0 && html`<${Several} chosen=${items.filter((item) => chosen.includes(item.name))}
                onDone=${() => { setChosen([]); void exports.reload(); }} />`}
              <${Table} caption=${t("nav.exports")} rows=${items} id=${(/** @type {Api.Export} */ item) => item.name}
                sorted=${sort} onSort=${setSort} columns=${columns(chosen, setChosen, actions)} />
            </div>`
          : html`<${Empty} title=${t("exports.none_found")} actions=${html`<${Button} onClick=${() => { setSearch(""); setStatus(""); setAfter(null); }}>${t("exports.show_all")}</${Button}>`} />`}
        <${Pages} next=${next} onNext=${() => setAfter(next ?? null)} onFirst=${after ? () => setAfter(null) : null} />
      `}`;
    }}</${Content}>
    ${actions.dialog}
  `;
}

/** @param {Pick<Api.ExportList, "items">} props exports that nobody can work with until they are mended */
function Unreadable({ items }) {
  return items.map((item) => "error" in item && html`<${Notice} tone="bad" title=${t("exports.unreadable", { name: item.name })}><p>${textOf("error", item.error)}</p></${Notice}>`);
}

/**
 * @param {string[]} chosen
 * @param {(names: string[]) => void} choose
 * @param {ReturnType<typeof useExportActions>} actions
 * @returns {import("../parts/table.js").Column<Api.Export>[]}
 */
function columns(chosen, choose, actions) {
  return [
    {
      title: t("table.choose"),
      kind: "pick",
      cell: (item) => html`<input type="checkbox" aria-label=${t("exports.choose", { name: item.display_name })} checked=${chosen.includes(item.name)}
        onChange=${(/** @type {any} */ event) => choose(event.target.checked ? [...chosen, item.name] : chosen.filter((name) => name !== item.name))} />`,
    },
    {
      title: t("field.display_name"),
      sort: "display_name",
      head: true,
      cell: (item) => html`<a href=${`/console/${at`exports/${item.name}`}`}><${Told} text=${item.display_name} /></a>
        <div class="soft"><${Told} text=${item.segments.map((segment) => segment.name).join(", ")} /></div>`,
    },
    {
      title: t("form.audience"),
      cell: (item) => html`<${Told} text=${item.audience_name || item.audience_id} />
        <div class="soft">${item.connection ? html`<${Told} text=${item.connection_display_name || item.connection} />` : t("exports.detached")}</div>`,
    },
    { title: t("exports.state"), sort: "last_run", cell: (item) => html`<${ExportState} item=${item} />` },
    { title: t("exports.next"), sort: "next_run", cell: (item) => html`<${Next} item=${item} />` },
    { title: t("table.actions"), cell: (item) => html`<${ExportMenu} item=${item} actions=${actions} />` },
  ];
}

/** @param {{ item: Api.Export }} props */
export function ExportState({ item }) {
  const active = useResource(
    item.active_run ? at`runs/${item.active_run}` : null,
    useCallback((/** @type {Api.Run} */ run) => !run.ended_at, []),
  );
  if (item.active_run) {
    const run = active.data;
    const { contacts_done: done = 0, contacts_total: total = 0 } = run?.progress ?? {};
    return html`<a href=${`/console/${at`runs/${item.active_run}`}`}><${State} state=${run?.status ?? "running"}>${runState(run?.status ?? "running")}</${State}></a>
      <${Progress} done=${done} total=${total} label=${t("run.progress_of", { name: item.display_name })} />
      ${total > 0 && html`<div class="soft">${t("run.done_of", { done, total })}</div>`}`;
  }
  const last = item.last_run;
  if (!last) return html`<${State} state="never_run">${runState("never_run")}</${State}>`;
  return html`<a href=${`/console/${at`runs/${last.id}`}`}><${State} state=${last.status}>${runState(last.status)}</${State}></a>
    <div class="soft">${last.error ? textOf("error", last.error) : last.counts && countsText(last.counts)}</div>
    ${last.ended_at && html`<div class="soft"><${Time} at=${last.ended_at} bare=${true} /></div>`}`;
}

/** @param {{ item: Api.Export }} props when it runs next, or what it waits for */
export function Next({ item }) {
  const { schedule } = item;
  if (item.waiting) {
    return html`<span>${textOf("waiting", item.waiting)}</span>`;
  }
  if (!item.connection) return html`<span class="soft">${t("exports.detached")}</span>`;
  if (schedule.kind === "none") return html`<span class="soft">${t("schedule.none")}</span>`;
  if (!schedule.active) return html`<span class="soft">${t("schedule.off")}</span>`;
  if (item.next_run_at) return html`<${Time} at=${item.next_run_at} zone=${schedule.time_zone} />`;
  if (schedule.kind === "after") return html`<span>${t("schedule.after_name", { name: schedule.after ?? "" })}</span>`;
  return html`<span>${t(schedule.kind === "refresh" ? "schedule.not_due" : "schedule.cron")}</span>`;
}

/** @param {{ chosen: Api.Export[], onDone: () => void }} props */
function Several({ chosen, onDone }) {
  const [doing, setDoing] = useState(/** @type {"run" | "on" | "off" | null} */ (null));
  const count = chosen.length;
  const editable = chosen.every((item) => mayOf(item, "edit") === null);
  const runnable = chosen.every((item) => mayOf(item, "run") === null);
  const confirm = async () => {
    for (const item of chosen) {
      if (doing === "run") await ask("POST", at`exports/${item.name}/runs`);
      else await schedule(item.name, doing === "on");
    }
    say(t("exports.done", { count }));
    onDone();
  };
  return html`<div class="bulk">
    <span class="grow">${t("exports.chosen", { count })}</span>
    <${Button} small icon="play" why=${runnable ? null : t("why.some")} onClick=${() => setDoing("run")}>${t("action.run")}</${Button}>
    <${Button} small why=${editable ? null : t("why.some")} onClick=${() => setDoing("on")}>${t("schedule.turn_on")}</${Button}>
    <${Button} small why=${editable ? null : t("why.some")} onClick=${() => setDoing("off")}>${t("schedule.turn_off")}</${Button}>
    ${doing && html`<${Confirm} title=${t(`exports.several_${doing}`, { count })} action=${t(doing === "run" ? "action.run" : `schedule.turn_${doing}`)}
      onConfirm=${confirm} onClose=${() => setDoing(null)}>
      <ul class="plain-list">${chosen.map((item) => html`<li><${Told} text=${item.display_name} /></li>`)}</ul></${Confirm}>`}
  </div>`;
}

/**
 * @param {string} name
 * @param {boolean} active
 */
async function schedule(name, active) {
  const item = /** @type {Api.Export} */ (await get(at`exports/${name}`));
  await ask("PUT", at`exports/${name}`, { body: { ...item, schedule: { ...item.schedule, active } } });
}

/** @param {{ add: import("../vendor/preact.js").Child }} props what an empty app begins with */
function FirstSteps({ add }) {
  const connections = useResource("connections");
  const items = /** @type {Api.ConnectionList | null} */ (connections.data)?.items;
  if (!items) return html`<${Content} of=${connections}>${() => null}</${Content}>`;
  if (items.length) return html`<${Empty} title=${t("exports.empty")} actions=${add}>${t("exports.empty_text")}</${Empty}>`;
  const connect = html`<${Button} kind="primary" icon="plus" why=${may("administrator") ? null : t("why.administrator")}
    onClick=${() => go("new-connection")}>${t("connection.add")}</${Button}>`;
  return html`<${Empty} title=${t("exports.welcome")} actions=${connect}>${t("exports.welcome_text")}</${Empty}>`;
}
