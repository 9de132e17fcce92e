// One feed per export: runs, changes of the configuration with old and new, consent, drift.
import { html, useState } from "../vendor/preact.js";
import { at, query } from "../lib/api.js";
import { find, t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Content, Empty, Time, Told } from "../parts/basics.js";
import { Pages } from "../parts/table.js";

/** @param {{ name: string }} props */
export function History({ name }) {
  const [before, setBefore] = useState("");
  const feed = useResource(`${at`exports/${name}/history`}${query({ limit: 20, before })}`);
  return html`<section aria-labelledby="history-title"><h2 id="history-title">${t("history.title")}</h2>
    <${Content} of=${feed}>${(/** @type {Api.History} */ { items, next }) => items.length
      ? html`<ol class="feed">${items.map((event) => html`<li><${Event} event=${event} /></li>`)}</ol>
        <${Pages} next=${next} onNext=${() => setBefore(next ?? "")} onFirst=${before ? () => setBefore("") : null} />`
      : html`<${Empty} title=${t("history.none")} />`}
    </${Content}></section>`;
}

/** @param {{ event: Api.HistoryEvent }} props */
function Event({ event }) {
  const title = find(`history.${event.kind}`) ?? event.kind;
  return html`<p><span class="strong">${title}</span> ${event.by && html`<span class="soft"> · <${Told} text=${event.by} /></span>`}</p>
    <p class="soft"><${Time} at=${event.at} /></p>
    ${event.run && html`<p><a href=${`/console/${at`runs/${event.run}`}`}>${t("history.show_run")}</a></p>`}
    ${(event.changes ?? []).map((change) => html`<p class="change"><span>${memberName(change.member)}:</span>
      ${change.old != null && html`<del><${Told} text=${shown(change.old)} /></del>`}
      ${change.old != null && change.new != null && html`<span aria-label=${t("history.becomes")}>→</span>`}
      ${change.new != null ? html`<ins><${Told} text=${shown(change.new)} /></ins>` : html`<span class="soft">${t("history.gone")}</span>`}</p>`)}`;
}

/** @param {string} member of a document, `merge_fields.FNAME` */
export function memberName(member) {
  const [first = "", ...rest] = member.split(".");
  const name = find(`field.${first}`) ?? first;
  const number = rest.find((part) => /^\d+$/.test(part));
  // Which segment, condition or time of several it is says more than what of it.
  if (number) return `${name} ${Number(number) + 1}`;
  return rest.length ? `${name} ${rest.join(".")}` : name;
}

/** @param {unknown} value */
function shown(value) {
  return typeof value === "string" ? value : typeof value === "boolean" ? t(value ? "yes" : "no") : JSON.stringify(value);
}
