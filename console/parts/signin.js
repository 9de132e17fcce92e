// Signing in: as the first page, and again over whatever was being done.
import { html, useState } from "../vendor/preact.js";
import { ApiError } from "../lib/api.js";
import { problemText } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { failure, me, mode, phase, signInAgainWithEntra, signInWithEntra, signInWithKey, signOut, startSession, staySignedOut } from "../lib/session.js";
import { useStore } from "../lib/store.js";
import { Button, Failure, Heading, Loading, Notice } from "./basics.js";
import { Dialog } from "./dialog.js";
import { Check } from "./form.js";

/** What is shown in place of a page while nobody is signed in. */
export function SignInPage() {
  const now = useStore(phase);
  const problem = useStore(failure);
  if (now === "starting") return html`<${Loading} />`;
  return html`<div class="narrow">
    <${Heading} title=${t("signin.title")} />
    ${now === "failed" && problem
      ? html`<${Failure} error=${problem} again=${startSession} />`
      : mode === "entra" ? html`<${WithEntra} />` : html`<${WithKey} />`}
  </div>`;
}

/** Over the page: the session has ended, and what was typed is still there. */
export function SignInAgain() {
  const now = useStore(phase);
  if (now !== "again") return null;
  return html`<${Dialog} title=${t("signin.ended")} onClose=${staySignedOut} fixed=${true}>
    <p>${t("signin.kept")}</p>
    ${mode === "entra" ? html`<${AgainWithEntra} />` : html`<${WithKey} />`}
  </${Dialog}>`;
}

/** Signed in, but the tenant has given no role. */
export function NoRole() {
  const who = useStore(me);
  return html`<div class="narrow">
    <${Heading} title=${t("signin.no_role")} />
    <${Notice} tone="warn"><p>${t("signin.no_role_text", { name: who?.name ?? "" })}</p>
      <ul class="plain-list"><li>Exports.Administrator</li><li>Exports.Contributor</li><li>Exports.Viewer</li></ul>
      <p>${t("signin.no_role_who")}</p></${Notice}>
    <div class="actions"><${Button} onClick=${startSession}>${t("action.retry")}</${Button}>
      <${Button} onClick=${signOut}>${t("session.sign_out")}</${Button}></div>
  </div>`;
}

function WithKey() {
  const [key, setKey] = useState("");
  const [keep, setKeep] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const signIn = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy || !key.trim()) return;
    setBusy(true);
    setWrong("");
    try {
      await signInWithKey(key.trim(), keep);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setWrong(error.status === 401 ? t("signin.wrong_key") : problemText(error));
    } finally {
      setBusy(false);
    }
  };
  return html`<form class="card" onSubmit=${signIn}>
    <div class=${wrong ? "field wrong" : "field"}>
      <label class="label" for="key">${t("signin.key")}</label>
      <p class="hint" id="key-hint">${t("signin.key_hint")}</p>
      ${wrong && html`<p class="problem" id="key-problem" role="alert">${wrong}</p>`}
      <input id="key" type="password" autocomplete="off" value=${key} aria-invalid=${wrong ? "true" : undefined}
        aria-describedby=${wrong ? "key-hint key-problem" : "key-hint"} onInput=${(/** @type {any} */ event) => setKey(event.target.value)} />
    </div>
    <${Check} label=${t("signin.keep")} hint=${t("signin.keep_hint")} checked=${keep} onChange=${setKeep} />
    <div class="actions"><${Button} type="submit" kind="primary" busy=${busy}>${t("signin.sign_in")}</${Button}></div>
  </form>`;
}

function WithEntra() {
  return html`<div class="card"><p>${t("signin.entra")}</p>
    <div class="actions"><${Button} kind="primary" onClick=${signInWithEntra}>${t("signin.with_microsoft")}</${Button}></div></div>`;
}

function AgainWithEntra() {
  const [opened, setOpened] = useState(false);
  const open = () => {
    setOpened(true);
    void signInAgainWithEntra();
  };
  return html`<div>${opened && html`<p role="status">${t("signin.waiting")}</p>`}
    <div class="actions"><${Button} kind="primary" icon="external" onClick=${open}>${t("signin.with_microsoft")}</${Button}></div></div>`;
}
