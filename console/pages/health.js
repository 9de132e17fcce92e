// Whether the app can do its work: dependencies, settings, what waits, version.
import { html } from "../vendor/preact.js";
import { textOf } from "../lib/codes.js";
import { duration, list, number } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Button, Content, Facts, Heading, Notice, State, Time, Told } from "../parts/basics.js";
import { Table } from "../parts/table.js";

export function HealthPage() {
  const health = useResource("health/details");
  return html`<${Heading} title=${t("nav.health")} actions=${html`<${Button} onClick=${health.reload}>${t("health.again")}</${Button}>`} />
    <${Bare} error=${health.error} />
    <${Content} of=${unlessSaid(health)}>${(/** @type {Api.HealthDetails} */ found) => html`<${Details} found=${found} />`}</${Content}>`;
}

/**
 * An unhealthy app answers 503 with the same document: that is an answer.
 * @param {import("../lib/resource.js").Resource<Api.HealthDetails>} health
 */
function unlessSaid(health) {
  const said = /** @type {Partial<Api.HealthDetails> | undefined} */ (/** @type {unknown} */ (health.error?.problem));
  return said?.dependencies ? { ...health, data: /** @type {Api.HealthDetails} */ (said), error: null } : health;
}

/** @param {{ error: import("../lib/api.js").ApiError | null }} props */
function Bare({ error }) {
  return error && error.status === 503 && !("dependencies" in error.problem) ? html`<${Notice} tone="bad"><p>${t("health.unavailable")}</p></${Notice}>` : null;
}

/** @param {{ found: Api.HealthDetails }} props */
function Details({ found }) {
  const well = found.status === "ok";
  return html`
    <${Notice} tone=${well ? "good" : "bad"} title=${t(well ? "health.ok" : "health.not_ok")} />
    ${(found.settings ?? []).map((setting) => html`<${Notice} tone="bad" title=${setting.name}><p>${textOf("setting", setting)}</p></${Notice}>`)}
    <div class="columns">
      <div class="card stack"><h2>${t("health.dependencies")}</h2><ul class="bare stack">${Object.entries(found.dependencies ?? {}).map(([name, each]) => html`
        <li><${State} state=${each.ok ? "ok" : "broken"}>${find(`dependency.${name}`) ?? name}</${State}> <span class="soft">${t(each.ok ? "health.answers" : "health.silent")}</span></li>`)}</ul></div>
      <div class="card stack"><h2>${t("health.app")}</h2><${Facts} items=${[
        [t("health.version"), found.version],
        [t("health.active_runs"), found.active_runs != null && number(found.active_runs)],
        [t("health.last_tick"), found.last_tick_at && html`<${Time} at=${found.last_tick_at} />`],
        [t("health.functions_missing"), found.functions_missing?.length ? html`<${Told} text=${list(found.functions_missing)} />` : null],
      ]} /></div>
    </div>
    ${found.queues?.length && html`<section aria-labelledby="queues"><h2 id="queues">${t("health.queues")}</h2><div class="table-box">
      <${Table} caption=${t("health.queues")} rows=${found.queues} id=${(/** @type {Api.Queue} */ queue) => queue.name} columns=${[
        { title: t("health.queue"), head: true, cell: (/** @type {Api.Queue} */ queue) => html`<code>${queue.name}</code>` },
        { title: t("health.messages"), number: true, cell: (/** @type {Api.Queue} */ queue) => number(queue.messages) },
        { title: t("health.oldest"), cell: (/** @type {Api.Queue} */ queue) => (queue.oldest_seconds == null ? "–" : duration(queue.oldest_seconds)) },
      ]} /></div></section>`}`;
}
