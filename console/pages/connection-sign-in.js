// A connection gets its token: by signing in with Mailchimp in a window of its own, or by an API key.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { ApiError, ask, at, get } from "../lib/api.js";
import { problemText } from "../lib/codes.js";
import { find, t } from "../lib/i18n.js";
import { awaitWindow } from "../lib/windows.js";
import { Button, Facts, Notice, Told } from "../parts/basics.js";
import { say } from "../lib/told.js";
import { problemOf } from "../parts/form.js";

/** @param {{ item: Api.Connection, reload: () => Promise<void> }} props */
export function SignIn({ item, reload }) {
  const [byKey, setByKey] = useState(false);
  return html`
    ${item.account_name && html`<${Facts} items=${[
      [t("connection.account"), html`<${Told} text=${item.account_name} />`],
      [t("connection.data_center"), item.data_center],
    ]} />`}
    ${!item.consent.accepted ? html`<p class="soft">${t("connection.terms_first")}</p>` : html`
      <${WithMailchimp} item=${item} reload=${reload} />
      <details class="more" open=${byKey} onToggle=${(/** @type {any} */ event) => setByKey(event.target.open)}>
        <summary>${t("connection.by_key")}</summary>${byKey && html`<${WithKey} item=${item} reload=${reload} />`}</details>`}`;
}

/** @param {{ item: Api.Connection, reload: () => Promise<void> }} props */
function WithMailchimp({ item, reload }) {
  const [state, setState] = useState(/** @type {"idle" | "waiting"} */ ("idle"));
  const [error, setError] = useState("");
  const [link, setLink] = useState("");
  const stop = useRef(/** @type {AbortController | null} */ (null));
  useEffect(() => () => stop.current?.abort(), []);

  const start = async () => {
    // Opened at once, while the browser still sees the press that asks for it.
    const opened = open("", "_blank", "popup,width=560,height=720");
    setError("");
    setLink("");
    try {
      const { data } = /** @type {{ data: { authorize_url: string } }} */ (await ask("POST", at`connections/${item.name}/authorize`));
      if (opened) opened.location.href = data.authorize_url;
      else setLink(data.authorize_url);
      await wait();
    } catch (problem) {
      opened?.close();
      setState("idle");
      if (!(problem instanceof ApiError)) throw problem;
      setError(problemText(problem));
    }
  };
  const wait = async () => {
    setState("waiting");
    stop.current?.abort();
    stop.current = new AbortController();
    let told = "";
    const came = await awaitWindow(async () => told !== "" || (await changed(item)), {
      signal: stop.current.signal,
      onTold: ({ result }) => (told = result),
    });
    if (stop.current.signal.aborted) return;
    setState("idle");
    if (told && told !== "ok") setError(find(`signed_in.${told}`) ?? t("signed_in.unavailable"));
    else if (came) say(t("connection.signed_in"));
    await reload();
  };
  const cancel = () => {
    stop.current?.abort();
    setState("idle");
  };
  return html`
    ${error && html`<${Notice} tone="bad"><p>${error}</p></${Notice}>`}
    ${state === "waiting"
      ? html`<${Notice} title=${t("connection.waiting")} actions=${html`<${Button} small=${true} onClick=${cancel}>${t("action.cancel")}</${Button}>`}>
          <p>${t("connection.waiting_text")}</p>${link && html`<p><a href=${link} target="_blank" rel="noreferrer">${t("connection.open_window")}</a></p>`}</${Notice}>`
      : html`<${Button} icon="external" kind=${item.status === "needs_token" || item.status === "broken" ? "primary" : undefined} onClick=${start}>
          ${t(item.account_name ? "connection.sign_in_again" : "connection.sign_in")}</${Button}>`}`;
}

/**
 * Whether the connection has got a token since.
 * @param {Api.Connection} before
 */
async function changed(before) {
  try {
    const now = /** @type {Api.Connection} */ (await get(at`connections/${before.name}`));
    return now.status !== before.status || now.account_id !== before.account_id || now.awaiting?.account_id !== before.awaiting?.account_id;
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/** @param {{ item: Api.Connection, reload: () => Promise<void> }} props */
function WithKey({ item, reload }) {
  const [key, setKey] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!key.trim() || busy) return;
    setBusy(true);
    setError("");
    try {
      await ask("PUT", at`connections/${item.name}/token`, { body: { api_key: key.trim() } });
      setKey("");
      say(t("connection.signed_in"));
      await reload();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      const first = problem.problem.errors?.[0];
      setError(first ? problemOf(first) : problemText(problem));
    } finally {
      setBusy(false);
    }
  };
  return html`<form onSubmit=${save}><div class=${error ? "field wrong" : "field"}>
      <label class="label" for="api-key">${t("connection.api_key")}</label>
      <p class="hint" id="api-key-hint">${t("connection.api_key_hint")}</p>
      ${error && html`<p class="problem" id="api-key-problem" role="alert">${error}</p>`}
      <input id="api-key" type="password" class="code" autocomplete="off" value=${key} aria-describedby=${error ? "api-key-hint api-key-problem" : "api-key-hint"}
        aria-invalid=${error ? "true" : undefined} onInput=${(/** @type {any} */ event) => setKey(event.target.value)} /></div>
    <${Button} type="submit" busy=${busy}>${t("connection.connect")}</${Button}></form>`;
}
