// The states that every page has, and the small pieces that pages are made of.
import { html, useEffect, useState } from "../vendor/preact.js";
import { dateTime, relative } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { problemText } from "../lib/codes.js";
import { explain } from "../lib/told.js";
import { Icon } from "./icons.js";

/** @typedef {import("../vendor/preact.js").Child} Child */
/** @typedef {import("../lib/api.js").ApiError} ApiError */

/**
 * @param {{ children?: Child, icon?: string, kind?: "primary" | "danger" | "plain", onClick?: () => unknown,
 *   type?: string, why?: string | null, small?: boolean, label?: string, busy?: boolean, form?: string }} props
 *   why: the reason for which it can't be used; then it stays reachable, and says so
 */
export function Button({ children, icon, kind, onClick, type = "button", why, small, label, busy, form }) {
  const press = (/** @type {Event} */ event) => {
    if (why || busy) event.preventDefault();
    else onClick?.();
    if (why) explain(why);
  };
  return html`<button type=${type} form=${form} class=${["button", kind, small && "small"].filter(Boolean).join(" ")}
    onClick=${press} aria-disabled=${why || busy ? "true" : undefined} title=${why || undefined}
    aria-label=${label} aria-busy=${busy ? "true" : undefined}>
    ${busy ? html`<${Icon} name="spin" turning=${true} />` : icon && html`<${Icon} name=${icon} />`}
    ${children && html`<span>${children}</span>`}
  </button>`;
}

/**
 * @param {{ tone?: "info" | "good" | "warn" | "bad", title?: Child, children?: Child, actions?: Child }} props
 */
export function Notice({ tone = "info", title, children, actions }) {
  const icon = { info: "info", good: "check", warn: "warning", bad: "cross" }[tone];
  return html`<div class=${`notice ${tone}`}>
    <${Icon} name=${icon} />
    <div class="grow">
      ${title && html`<p class="strong">${title}</p>`}
      ${children}
    </div>
    ${actions && html`<div class="actions">${actions}</div>`}
  </div>`;
}

/** @param {{ title: string, children?: Child, actions?: Child }} props */
export function Empty({ title, children, actions }) {
  return html`<div class="empty"><p class="strong">${title}</p>${children && html`<p>${children}</p>`}
    ${actions && html`<div class="actions">${actions}</div>`}</div>`;
}

/** Says that something is being read, once it takes long enough to notice. */
export function Loading() {
  const [shown, show] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => show(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return html`<div class="loading" aria-busy="true">
    ${shown && html`<${Icon} name="spin" turning=${true} /><span>${t("state.loading")}</span>`}
  </div>`;
}

/** @param {{ error: ApiError, again?: () => unknown }} props */
export function Failure({ error, again }) {
  const retry = again && html`<${Button} onClick=${again}>${t("action.retry")}</${Button}>`;
  const denied = error.status === 403 || error.status === 401;
  const title = t(denied ? "state.no_permission" : error.status === 0 ? "state.offline" : "state.failed");
  return html`<${Notice} tone=${denied ? "warn" : "bad"} title=${title} actions=${denied ? null : retry}>
    <p>${problemText(error)}</p>
  </${Notice}>`;
}

/**
 * What a resource has: loading, failed, or its content; an old answer stays below a later failure.
 * @template T
 * @param {{ of: import("../lib/resource.js").Resource<T>, children: (data: T) => Child, title?: string }} props
 *   title: of the page, where its content brings the heading along
 */
export function Content({ of: { data, error, reload }, children, title }) {
  return html`
    ${data === null && title && html`<${Heading} title=${title} />`}
    ${error && html`<${Failure} error=${error} again=${reload} />`}
    ${data !== null ? children(data) : !error && html`<${Loading} />`}
  `;
}

/** @param {{ at: string, zone?: string, bare?: boolean }} props a time in full with the words beside it */
export function Time({ at, zone, bare }) {
  return html`<time datetime=${at} title=${dateTime(at, zone)}>
    ${bare ? null : html`<span>${dateTime(at, zone)}</span> `}<span class=${bare ? "" : "soft"}>${bare ? relative(at) : `(${relative(at)})`}</span>
  </time>`;
}

/** @type {Record<string, [string, string]>} icon and tone of every state */
const STATES = {
  succeeded: ["check", "good"],
  ready: ["check", "good"],
  ok: ["check", "good"],
  on: ["check", "good"],
  partial: ["warning", "warn"],
  needs_consent: ["warning", "warn"],
  needs_token: ["warning", "warn"],
  needs_confirmation: ["warning", "warn"],
  failed: ["cross", "bad"],
  broken: ["cross", "bad"],
  unavailable: ["cross", "bad"],
  skipped: ["skip", "warn"],
  cancelled: ["ban", "quiet"],
  queued: ["clock", "active"],
  planning: ["spin", "active"],
  running: ["spin", "active"],
  never_run: ["dot", "quiet"],
  off: ["dot", "quiet"],
};

/** @param {{ state: string, children?: Child }} props a state as icon and word */
export function State({ state, children }) {
  const [icon, tone] = STATES[state] ?? ["dot", "quiet"];
  return html`<span class=${`state ${tone}`}>
    <${Icon} name=${icon} turning=${icon === "spin"} /><span>${children}</span>
  </span>`;
}

/** @param {{ done: number, total: number, label: string }} props */
export function Progress({ done, total, label }) {
  return total
    ? html`<progress value=${Math.min(done, total)} max=${total} aria-label=${label}></progress>`
    : html`<progress aria-label=${label}></progress>`;
}

/** @param {{ items: [string, Child][] }} props terms with their values */
export function Facts({ items }) {
  const there = items.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return html`<dl class="facts">${there.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** @param {{ title: Child, children?: Child, actions?: Child, above?: Child }} props */
export function Heading({ title, children, actions, above }) {
  return html`<div class="heading">
    <div class="grow">${above && html`<p class="above">${above}</p>`}<h1 tabindex="-1"><bdi>${title}</bdi></h1>${children}</div>
    ${actions && html`<div class="actions">${actions}</div>`}
  </div>`;
}

/** @param {{ text: string, max?: number }} props what people wrote, whatever its direction and length */
export function Told({ text }) {
  return html`<bdi class="told">${text}</bdi>`;
}
