// The one polite live region, and what is shown of it.
import { html } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";
import { useStore } from "../lib/store.js";
import { remark, said } from "../lib/told.js";
import { Button, Notice } from "./basics.js";

export function LiveRegion() {
  return html`<div class="hidden" role="status" aria-live="polite">${useStore(said)}</div>`;
}

export function Remark() {
  const now = useStore(remark);
  if (!now) return null;
  const close = html`<${Button} small=${true} onClick=${() => remark.set(null)}>${t("action.close")}</${Button}>`;
  return html`<div class="interruptions sticky"><${Notice} tone=${now.tone} actions=${close}><p>${now.text}</p></${Notice}></div>`;
}
