// A new connection: what it is called, who may use it, and the terms; then it is signed in.
import { html, useState } from "../vendor/preact.js";
import { ApiError, ask, at } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { go } from "../lib/router.js";
import { may } from "../lib/session.js";
import { Button, Failure, Heading, Notice } from "../parts/basics.js";
import { Radios, Summary, Text } from "../parts/form.js";
import { memberName } from "./history.js";
import { nameFrom } from "./connection-words.js";
import { Terms, agreement } from "./terms.js";

export function NewConnectionPage() {
  const [title, setTitle] = useState("");
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const [shared, setShared] = useState("administrators");
  const [terms, setTerms] = useState(/** @type {Api.Terms | null} */ (null));
  const [problems, setProblems] = useState(/** @type {import("../parts/form.js").Problem[]} */ ([]));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const [busy, setBusy] = useState(false);
  const name = typed ?? nameFrom(title);
  if (!may("administrator")) return html`<${Heading} title=${t("connection.add")} /><${Notice} tone="warn"><p>${t("why.administrator")}</p></${Notice}>`;

  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const wrong = [
      ...(title.trim() ? [] : [{ field: "display_name", code: "missing", message: "" }]),
      ...(terms ? [] : [{ field: "consent.accepted", code: "not_accepted", message: "" }]),
    ];
    setProblems(wrong);
    setError(null);
    if (wrong.length || busy || !terms) return;
    setBusy(true);
    try {
      const body = { display_name: title.trim(), shared_with: shared, consent: agreement(terms) };
      await ask("PUT", at`connections/${name}`, { body, headers: { "If-None-Match": "*" } });
      go(at`connections/${name}`);
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (problem.status === 412) setProblems([{ field: "name", code: "taken", message: "" }]);
      else if (problem.problem.errors?.length) setProblems(problem.problem.errors);
      else setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return html`<div class="narrow"><${Heading} above=${html`<a href="/console/connections">${t("nav.connections")}</a>`} title=${t("connection.add")}><p>${t("connection.add_text")}</p></${Heading}>
    <${Summary} problems=${problems} names=${memberName} />
    ${error && html`<${Failure} error=${error} />`}
    <form onSubmit=${save} novalidate>
      <${Text} field="display_name" label=${t("field.display_name")} hint=${t("connection.display_name_hint")} value=${title} onInput=${setTitle} problems=${problems} required=${true} />
      <${Text} field="name" label=${t("field.name")} hint=${t("field.name.hint")} value=${name} onInput=${setTyped} problems=${problems} code=${true} />
      <${Radios} field="shared_with" legend=${t("field.shared_with")} value=${shared} onChange=${setShared} problems=${problems} options=${[
        ["administrators", t("shared_with.administrators"), t("shared_with.administrators.hint")],
        ["contributors", t("shared_with.contributors"), t("shared_with.contributors.hint")],
      ]} />
      <h2>${t("terms.title")}</h2>
        <${Terms} accepted=${terms !== null} onChange=${(/** @type {boolean} */ on, /** @type {Api.Terms} */ read) => setTerms(on ? read : null)} />
      <div class="actions"><${Button} type="submit" kind="primary" busy=${busy}>${t("connection.continue")}</${Button}>
        <a class="button plain" href="/console/connections">${t("action.cancel")}</a></div>
    </form></div>`;
}
