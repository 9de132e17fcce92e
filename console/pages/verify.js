// Verifying a connection: two answers, two ticks.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ApiError, ask, at } from "../lib/api.js";
import { textOf } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { Button, Failure, State, Told } from "../parts/basics.js";

/** @param {{ item: Api.Connection }} props */
export function Verify({ item }) {
  const [found, setFound] = useState(/** @type {Api.Verification | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const [busy, setBusy] = useState(false);
  const usable = item.status === "ready" || item.status === "broken" || item.status === "needs_confirmation";
  const verify = async () => {
    setBusy(true);
    setError(null);
    try {
      setFound((/** @type {{ data: Api.Verification }} */ (await ask("POST", at`connections/${item.name}/verify`, { body: {} }))).data);
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  // Looked at by itself as soon as there is something to look at.
  useEffect(() => {
    setFound(null);
    if (usable) void verify();
  }, [item.name, item.status, item.account_id]);
  return html`
    ${error && html`<${Failure} error=${error} />`}
    ${found && html`<div role="status"><ul class="bare stack">
      <li><${State} state=${found.mailchimp.ok ? "ok" : "broken"}>${t("verify.mailchimp")}</${State}>
        <div class="soft">${found.mailchimp.ok
          ? t("verify.mailchimp_ok", { account: found.mailchimp.account_name ?? "", role: found.mailchimp.role ?? "", data_center: found.mailchimp.data_center ?? "" })
          : html`<${Told} text=${textOf("error", { ...found.mailchimp, code: found.mailchimp.code ?? "" })} />`}</div></li>
      <li><${State} state=${found.segment_storage.ok ? "ok" : "broken"}>${t("verify.storage")}</${State}>
        <div class="soft">${found.segment_storage.ok ? t("verify.storage_ok") : html`<${Told} text=${textOf("error", { ...found.segment_storage, code: found.segment_storage.code ?? "" })} />`}</div></li>
    </ul></div>`}
    <div><${Button} busy=${busy} why=${usable ? null : t("verify.first")} onClick=${verify}>${t(found ? "verify.again" : "connection.verify")}</${Button}></div>`;
}
