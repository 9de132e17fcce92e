// What surrounds every page: skip link, navigation, language, who is signed in, what is wrong.
import { html, useEffect, useState } from "../vendor/preact.js";
import { offline, waking } from "../lib/api.js";
import { LANGUAGES, chooseFormat, chooseLanguage, format, language, t } from "../lib/i18n.js";
import { here } from "../lib/router.js";
import { me, mode, signOut } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { complain } from "../lib/told.js";
import { Button, Notice } from "./basics.js";
import { Dialog } from "./dialog.js";
import { Select } from "./form.js";
import { LiveRegion, Remark } from "./live.js";

/** @typedef {import("../vendor/preact.js").Child} Child */

/** @type {[string, import("../lib/i18n.js").Key][]} */
const PAGES = [
  ["exports", "nav.exports"],
  ["runs", "nav.runs"],
  ["connections", "nav.connections"],
  ["segments", "nav.segments"],
  ["person", "nav.person"],
  ["health", "nav.health"],
];
/** Locales whose dates and numbers may be wanted beside another language's words. */
const FORMATS = ["en-GB", "en-US", "de-DE", "hr-HR", "lv-LV", "zh-CN", "kk-KZ", "id-ID"];

/** @param {{ children: Child }} props */
export function Shell({ children }) {
  const who = useStore(me);
  return html`
    <a class="skip" href="#main" onClick=${skip}>${t("nav.skip")}</a>
    <header class="top">
      <a class="brand" href="/console/exports"><${Mark} /><span>${t("product")}</span></a>
      ${who && html`<${Navigation} />`}
      <div class="who">${who ? html`<${Account} who=${who} />` : html`<${LanguageChoice} />`}</div>
    </header>
    <${Interruptions} />
    <${Remark} />
    <main id="main" tabindex="-1">${children}</main>
    <${LiveRegion} />
  `;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.querySelector("h1")?.focus();
}

function Mark() {
  return html`<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <rect width="32" height="32" rx="8" fill="#0b6b67" />
    <path d="M8 11h9M8 16h13M8 21h6" stroke="#fff" stroke-width="2.6" stroke-linecap="round" />
    <path d="M20 11l5 5-5 5" fill="none" stroke="#8fe3d6" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round" />
  </svg>`;
}

function Navigation() {
  const { path } = useStore(here);
  const part = path.split("/")[0] || "exports";
  const current = /** @type {Record<string, string>} */ ({ "new-export": "exports", "new-connection": "connections" })[part] ?? part;
  return html`<nav class="main-nav" aria-label=${t("nav.main")}><ul>
    ${PAGES.map(([page, key]) => html`<li><a href=${`/console/${page}`} aria-current=${page === current ? "page" : undefined}>${t(key)}</a></li>`)}
  </ul></nav>`;
}

/** @param {{ who: Api.Me }} props */
function Account({ who }) {
  const [open, setOpen] = useState(false);
  const role = who.role ? t(`role.${who.role}`) : t("role.none");
  return html`<button type="button" class="button plain account" onClick=${() => setOpen(true)} aria-haspopup="dialog">
      <span><bdi>${mode === "entra" ? who.name : t("session.key_holder")}</bdi><span class="soft"> · ${role}</span></span>
    </button>
    ${open && html`<${Dialog} title=${t("session.settings")} onClose=${() => setOpen(false)}>
      <p><bdi>${mode === "entra" ? who.name : t("session.key_holder")}</bdi> · ${role}</p>
      ${mode === "keys" && html`<p class="hint">${t("session.key_acts")}</p>`}
      <${LanguageChoice} />
      <${FormatChoice} />
      <p class="hint">${t("session.version", { version: who.version })}</p>
      <div class="actions end">
        <${Button} onClick=${signOut}>${t("session.sign_out")}</${Button}>
        <${Button} kind="primary" onClick=${() => setOpen(false)}>${t("action.close")}</${Button}>
      </div>
    </${Dialog}>`}`;
}

function LanguageChoice() {
  const now = useStore(language);
  const choose = async (/** @type {string} */ code) => {
    try {
      await chooseLanguage(code);
    } catch {
      // The app was deployed anew and these files have gone, or it can't be reached.
      complain(t("state.outdated"));
    }
  };
  return html`<${Select} field="language" label=${t("session.language")} value=${now} onChange=${choose}
    options=${Object.entries(LANGUAGES)} />`;
}

function FormatChoice() {
  const now = useStore(format);
  const options = FORMATS.map((tag) => [tag, nameOf(tag)]);
  return html`<${Select} field="format" label=${t("session.format")} value=${now} onChange=${chooseFormat}
    options=${[["", t("session.format_own")], ...options]} />`;
}

/** @param {string} tag a locale, in its own words where the browser has them */
function nameOf(tag) {
  if (tag === "kk-KZ") return "Қазақша (Қазақстан)";
  return new Intl.DisplayNames(tag, { type: "language" }).of(tag) ?? tag;
}

/** What stands in the way of everything: no connection, an app that is still waking up. */
function Interruptions() {
  const [online, setOnline] = useState(navigator.onLine);
  const lost = useStore(offline);
  const late = useStore(waking);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return html`<div class="interruptions" aria-live="polite">
    ${(!online || lost) && html`<${Notice} tone="warn"><p>${t(online ? "state.unreachable" : "state.no_network")}</p></${Notice}>`}
    ${late && html`<${Notice}><p>${t("state.waking")}</p></${Notice}>`}
  </div>`;
}
