// The one polite live region, and what has gone wrong apart from a page's own content.
import { html } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";
import { store, useStore } from "../lib/store.js";
import { Button, Notice } from "./basics.js";

const said = store("");
const trouble = store("");
let odd = false;

/** @param {string} text read out by screen readers; the same text twice is read twice */
export function say(text) {
  odd = !odd;
  said.set(odd ? text : `${text}\u00a0`);
}

/** @param {string} text what could not be done: shown until it is closed, and read out */
export function complain(text) {
  trouble.set(text);
  say(text);
}

export function LiveRegion() {
  return html`<div class="hidden" role="status" aria-live="polite">${useStore(said)}</div>`;
}

export function Trouble() {
  const text = useStore(trouble);
  if (!text) return null;
  const close = html`<${Button} small=${true} onClick=${() => trouble.set("")}>${t("action.close")}</${Button}>`;
  return html`<div class="interruptions"><${Notice} tone="bad" actions=${close}><p>${text}</p></${Notice}></div>`;
}
