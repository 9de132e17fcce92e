// When it runs: with every refresh, at times, after another export, or by hand; the next five times.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ApiError, ask } from "../lib/api.js";
import { find, t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Button, Time } from "../parts/basics.js";
import { Check, Field, Radios, Section, Select, Wrong, idOf, problemsAt } from "../parts/form.js";
import { DAYS, cronOf, plainTime } from "./schedule-words.js";
import { readable } from "./sources.js";

const DEFAULT_TIME = "0 6 * * *";

/** @param {import("./export-form.js").SectionProps} props */
export function ScheduleSection({ doc, set, problems }) {
  const { schedule } = doc;
  const change = (/** @type {object} */ members) => set({ schedule: /** @type {any} */ ({ ...schedule, ...members }) });
  const choose = (/** @type {string} */ kind) => change({ kind, ...(kind === "cron" && !schedule.cron?.length && { cron: [DEFAULT_TIME] }) });
  /** @type {[string, string, string?][]} */
  const kinds = [
    ["refresh", t("schedule.refresh"), t("schedule.refresh.hint")],
    ["cron", t("schedule.cron"), t("schedule.cron.hint")],
    ["after", t("schedule.after"), t("schedule.after.hint")],
    ["none", t("schedule.none"), t("schedule.none.hint")],
  ];
  return html`<${Section} title=${t("field.schedule")} text=${t("form.schedule_text")}>
    <${Radios} field="schedule.kind" legend=${t("form.when")} value=${schedule.kind} onChange=${choose} problems=${problems} options=${kinds} />
    ${schedule.kind === "cron" && html`<${Times} schedule=${schedule} change=${change} problems=${problems} />`}
    ${schedule.kind === "after" && html`<${After} doc=${doc} change=${change} problems=${problems} />`}
    ${schedule.kind !== "none" && html`<${Check} field="schedule.active" label=${t("schedule.active")} hint=${t("schedule.active.hint")} checked=${schedule.active} onChange=${(/** @type {boolean} */ active) => change({ active })} />`}
    ${schedule.kind === "cron" && html`<${NextTimes} schedule=${schedule} />`}
  </${Section}>`;
}

/** @typedef {{ schedule: Api.Schedule, change: (members: object) => void, problems: import("./export-form.js").Problem[] }} PartProps */

/** @param {PartProps} props */
function Times({ schedule, change, problems }) {
  const times = schedule.cron ?? [];
  const put = (/** @type {number} */ at, /** @type {string} */ cron) => change({ cron: times.map((each, i) => (i === at ? cron : each)) });
  return html`<div class="stack" id=${idOf("schedule.cron")} tabindex="-1">
    <${Wrong} problems=${problemsAt(problems, "schedule.cron")} />
    ${times.map((cron, i) => html`<fieldset class="card"><legend class="hidden">${t("schedule.time_number", { number: i + 1 })}</legend>
      <${OneTime} cron=${cron} index=${i} onChange=${(/** @type {string} */ next) => put(i, next)} />
      <${Wrong} problems=${problemsAt(problems, `schedule.cron.${i}`, true)} />
      ${times.length > 1 && html`<${Button} small=${true} icon="cross" onClick=${() => change({ cron: times.filter((_, other) => other !== i) })}>${t("schedule.remove_time")}</${Button}>`}
    </fieldset>`)}
    <${Button} small=${true} icon="plus" onClick=${() => change({ cron: [...times, DEFAULT_TIME] })}>${t("schedule.add_time")}</${Button}>
    <${Zone} schedule=${schedule} change=${change} problems=${problems} />
  </div>`;
}

/** @param {{ cron: string, index: number, onChange: (cron: string) => void }} props days and a time that write cron; or cron itself */
function OneTime({ cron, index, onChange }) {
  const plain = plainTime(cron);
  const [asCron, setAsCron] = useState(plain === null);
  const days = plain?.days ?? DAYS;
  const time = plain?.time ?? "06:00";
  const id = idOf(`schedule.cron.${index}`);
  const toggle = (/** @type {string} */ day, /** @type {boolean} */ on) => onChange(cronOf(on ? [...days, day] : days.filter((each) => each !== day), time));
  return html`${asCron
    ? html`<label class="label" for=${id}>${t("schedule.expression")}</label><p class="hint" id=${`${id}-hint`}>${t("schedule.expression_hint")}</p>
        <input id=${id} class="code" value=${cron} aria-describedby=${`${id}-hint`} onInput=${(/** @type {any} */ event) => onChange(event.target.value)} />`
    : html`<div class="days" role="group" aria-label=${t("schedule.days")}>${DAYS.map((day) => html`<label class="check"><input type="checkbox" checked=${days.includes(day)}
          onChange=${(/** @type {any} */ event) => toggle(day, event.target.checked)} /><span>${find(`day.${day}`)}</span></label>`)}</div>
        <label class="label" for=${id}>${t("schedule.time")}</label>
        <input id=${id} type="time" value=${time} style=${{ inlineSize: "auto" }} onInput=${(/** @type {any} */ event) => event.target.value && onChange(cronOf(days, event.target.value))} />`}
    <${Check} label=${t("schedule.as_cron")} checked=${asCron} disabled=${asCron && plain === null} onChange=${setAsCron} />`;
}

/** @param {PartProps} props */
function Zone({ schedule, change, problems }) {
  return html`<${Field} field="schedule.time_zone" label=${t("schedule.time_zone")} problems=${problems}>
    ${(/** @type {Record<string, unknown>} */ attributes) => html`<input ...${attributes} list="zones" value=${schedule.time_zone ?? "UTC"} onInput=${(/** @type {any} */ event) => change({ time_zone: event.target.value })} />
      <datalist id="zones">${["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => html`<option value=${zone} />`)}</datalist>`}
  </${Field}>`;
}

/** @param {{ doc: Api.Export, change: (members: object) => void, problems: import("./export-form.js").Problem[] }} props */
function After({ doc, change, problems }) {
  const exports = useResource("exports?limit=200");
  const items = (readable(/** @type {Api.ExportList | null} */ (exports.data)?.items) ?? []).filter((item) => item.name !== doc.name);
  return html`<${Select} field="schedule.after" label=${t("schedule.after_which")} value=${doc.schedule.after ?? ""} onChange=${(/** @type {string} */ after) => change({ after })} problems=${problems}
    options=${[["", t("form.choose")], ...items.map((item) => [item.name, item.display_name])]} />`;
}

/** @param {{ schedule: Api.Schedule }} props as the server counts them */
function NextTimes({ schedule }) {
  const [times, setTimes] = useState(/** @type {string[] | null} */ (null));
  const key = JSON.stringify([schedule.cron, schedule.time_zone]);
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(async () => {
      try {
        const { cron, time_zone } = schedule;
        const body = { schedule: { active: true, kind: "cron", cron, time_zone }, count: 5 };
        const { data } = /** @type {{ data: { items: string[] } }} */ (await ask("POST", "schedules/next", { body }));
        if (wanted) setTimes(data.items);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (wanted) setTimes(null);
      }
    }, 400);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [key]);
  if (!times?.length) return null;
  return html`<h3>${t("schedule.next_times")}</h3><ul class="plain-list">${times.map((at) => html`<li><${Time} at=${at} zone=${schedule.time_zone} /></li>`)}</ul>`;
}
