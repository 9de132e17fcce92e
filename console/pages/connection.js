// One connection: signed in, verified, agreed to, shared, and removed.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ApiError, ask, at, get } from "../lib/api.js";
import { textOf } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { go } from "../lib/router.js";
import { Button, Content, Facts, Failure, Heading, Notice, State, Time, Told } from "../parts/basics.js";
import { Confirm } from "../parts/dialog.js";
import { Check, Radios, Text } from "../parts/form.js";
import { Table } from "../parts/table.js";
import { say } from "../lib/told.js";
import { connectionAdvice, connectionState } from "./connection-words.js";
import { SignIn } from "./connection-sign-in.js";
import { readable } from "./sources.js";
import { Terms, agreement } from "./terms.js";
import { Verify } from "./verify.js";

/** @param {{ name: string }} props */
export function ConnectionPage({ name }) {
  const connection = useResource(at`connections/${name}`);
  return html`<${Content} of=${connection} title=${name}>${(/** @type {Api.Connection} */ found) =>
    html`<${Connection} item=${found} reload=${connection.reload} put=${connection.put} />`}</${Content}>`;
}

/** @typedef {{ item: Api.Connection, reload: () => Promise<void>, put: (item: Api.Connection) => void }} Props */

/** @param {Props} props */
function Connection({ item, reload, put }) {
  const advice = connectionAdvice(item.status);
  const ready = item.status === "ready";
  return html`
    <${Heading} above=${html`<a href="/console/connections">${t("nav.connections")}</a>`} title=${item.display_name}
      actions=${ready && html`<${Button} kind="primary" icon="plus" onClick=${() => go(`new-export?connection=${encodeURIComponent(item.name)}`)}>${t("export.add")}</${Button}>`}>
      <p><${State} state=${item.status}>${connectionState(item.status)}</${State}></p></${Heading}>
    ${advice && html`<${Notice} tone=${ready ? "good" : "warn"}><p>${advice}</p></${Notice}>`}
    ${item.awaiting && html`<${OtherAccount} item=${item} reload=${reload} />`}
    <div class="columns">
      <div class="card stack"><h2>${t("connection.access")}</h2><${SignIn} item=${item} reload=${reload} /></div>
      <div class="card stack"><h2>${t("connection.verify")}</h2><${Verify} item=${item} /></div>
      <div class="card stack"><h2>${t("terms.title")}</h2><${Consent} item=${item} put=${put} reload=${reload} /></div>
      <div class="card stack"><h2>${t("connection.settings")}</h2><${Settings} item=${item} put=${put} reload=${reload} key=${item.updated_at} /></div>
    </div>
    ${ready && html`<section class="card stack" aria-labelledby="live"><h2 id="live">${t("live.title")}</h2><${LiveCheck} item=${item} /></section>`}
    <section class="card stack" aria-labelledby="remove"><h2 id="remove">${t("connection.remove")}</h2><p>${t("connection.remove_text")}</p><${Remove} item=${item} /></section>`;
}

/** @param {{ item: Api.Connection, reload: () => Promise<void> }} props signed in with another account than before */
function OtherAccount({ item, reload }) {
  const [open, setOpen] = useState(false);
  const account = item.awaiting?.account_name ?? "";
  const confirm = async () => {
    await ask("POST", at`connections/${item.name}/confirm`, { body: { account_id: item.awaiting?.account_id } });
    await reload();
  };
  return html`<${Notice} tone="warn" title=${t("connection.other_account", { account, before: item.account_name ?? "" })}
      actions=${html`<${Button} onClick=${() => setOpen(true)}>${t("connection.confirm_account")}</${Button}>`}><p>${t("connection.other_account_text")}</p></${Notice}>
    ${open && html`<${Confirm} title=${t("connection.confirm_account")} action=${t("connection.confirm_account")} onConfirm=${confirm} onClose=${() => setOpen(false)}>
      <p>${t("connection.confirm_text", { account })}</p></${Confirm}>`}`;
}

/** @param {{ item: Api.Connection }} props whether Mailchimp tells of each audience */
function Webhooks({ item }) {
  if (!item.webhook_state?.length) return null;
  return html`<p>${t("webhook.by_audience")}</p><ul class="plain-list">${item.webhook_state.map((one) => html`<li key=${one.audience_id}>
    <code>${one.audience_id}</code>: ${t(`webhook.${one.state}`)}${one.last_event_at && html`, ${t("webhook.last")} <${Time} at=${one.last_event_at} />`}</li>`)}</ul>`;
}

/** @param {Props} props */
function Consent({ item, put, reload }) {
  const [open, setOpen] = useState(false);
  const [terms, setTerms] = useState(/** @type {Api.Terms | null} */ (null));
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const { consent } = item;
  const save = async (/** @type {object} */ given) => {
    const { data } = /** @type {{ data: Api.Connection }} */ (await ask("PUT", at`connections/${item.name}`, { body: { ...item, consent: given } }));
    put(data);
    await reload();
  };
  const accept = async () => {
    try {
      if (terms) await save(agreement(terms));
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    }
  };
  if (!consent.accepted) {
    return html`${consent.withdrawn_at && html`<p>${t("consent.withdrawn", { name: consent.withdrawn_by ?? "" })} <${Time} at=${consent.withdrawn_at} /></p>`}
      ${error && html`<${Failure} error=${error} />`}
      <${Terms} accepted=${terms !== null} onChange=${(/** @type {boolean} */ on, /** @type {Api.Terms} */ read) => setTerms(on ? read : null)} />
      <${Button} kind="primary" why=${terms ? null : t("terms.first")} onClick=${accept}>${t("consent.give")}</${Button}>`;
  }
  return html`<${Facts} items=${[
      [t("consent.by"), html`<${Told} text=${consent.accepted_by ?? ""} />`],
      [t("consent.at"), consent.accepted_at && html`<${Time} at=${consent.accepted_at} />`],
      [t("consent.version"), consent.terms_version],
    ]} />
    <${Button} icon="ban" onClick=${() => setOpen(true)}>${t("consent.withdraw")}</${Button}>
    ${open && html`<${Confirm} title=${t("consent.withdraw_title")} action=${t("consent.withdraw")} danger=${true} onClose=${() => setOpen(false)}
      onConfirm=${async () => { await save({ accepted: false }); say(t("consent.now_withdrawn")); }}>
      <p>${t("consent.withdraw_text")}</p><${Using} item=${item} /></${Confirm}>`}`;
}

/** @param {{ item: Api.Connection }} props how many exports it serves */
function Using({ item }) {
  const exports = useResource(`exports?connection=${encodeURIComponent(item.name)}`);
  const items = readable(/** @type {Api.ExportList | null} */ (exports.data)?.items)?.filter((each) => each.connection === item.name);
  if (!items) return null;
  return html`<p>${t("connection.used_by", { count: items.length })}</p>
    ${items.length > 0 && html`<ul class="plain-list">${items.slice(0, 10).map((each) => html`<li><${Told} text=${each.display_name} /></li>`)}</ul>`}`;
}

/** @param {Props} props */
function Settings({ item, put, reload }) {
  const [title, setTitle] = useState(item.display_name);
  const [shared, setShared] = useState(/** @type {string} */ (item.shared_with));
  const [exclusive, setExclusive] = useState(Boolean(item.exclusive_user));
  const [webhooks, setWebhooks] = useState(Boolean(item.webhooks));
  const [plan, setPlan] = useState(String(item.plan_size ?? ""));
  const [block, setBlock] = useState(String(item.block_size ?? ""));
  const [price, setPrice] = useState(String(item.block_price?.amount ?? ""));
  const [currency, setCurrency] = useState(item.block_price?.currency ?? "EUR");
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const problems = error?.problem.errors ?? [];
  const whole = (/** @type {string} */ text) => (text.trim() === "" ? null : Number(text));
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setError(null);
    const { consent: _, ...rest } = item;
    const bill = { plan_size: whole(plan), block_size: whole(block), block_price: price.trim() ? { amount: Number(price), currency } : null };
    const body = { ...rest, display_name: title, shared_with: shared, webhooks, exclusive_user: exclusive, ...bill };
    try {
      const { data } = /** @type {{ data: Api.Connection }} */ (await ask("PUT", at`connections/${item.name}`, { body }));
      put(data);
      say(t("form.saved"));
      await reload();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    }
  };
  return html`<form onSubmit=${save} novalidate>
    ${error && !problems.length && html`<${Failure} error=${error} />`}
    <${Text} field="display_name" label=${t("field.display_name")} value=${title} onInput=${setTitle} problems=${problems} />
    <${Radios} field="shared_with" legend=${t("field.shared_with")} value=${shared} onChange=${setShared} problems=${problems} options=${[
      ["administrators", t("shared_with.administrators"), t("shared_with.administrators.hint")],
      ["contributors", t("shared_with.contributors"), t("shared_with.contributors.hint")],
    ]} />
    <${Check} field="webhooks" label=${t("field.webhooks")} hint=${t("field.webhooks.hint")} checked=${webhooks} onChange=${setWebhooks} /><${Webhooks} item=${item} />
    <${Check} field="exclusive_user" label=${t("field.exclusive_user")} hint=${t("field.exclusive_user.hint")} checked=${exclusive} onChange=${setExclusive} />
    <details class="more"><summary>${t("connection.bill")}</summary><div class="form-grid">
      <${Text} field="plan_size" type="number" label=${t("field.plan_size")} value=${plan} onInput=${setPlan} problems=${problems} optional=${true} />
      <${Text} field="block_size" type="number" label=${t("field.block_size")} value=${block} onInput=${setBlock} problems=${problems} optional=${true} />
      <${Text} field="block_price.amount" type="number" label=${t("field.block_price")} value=${price} onInput=${setPrice} problems=${problems} optional=${true} />
      <${Text} field="block_price.currency" label=${t("field.currency")} value=${currency} onInput=${setCurrency} problems=${problems} /></div></details>
    <div class="actions"><${Button} type="submit">${t("action.save")}</${Button}></div>
  </form>`;
}

/** @typedef {Api.LiveCheck["rows"][number]} Row */

/** @param {{ item: Api.Connection }} props what Mailchimp does where nobody has written it down */
function LiveCheck({ item }) {
  const path = at`connections/${item.name}/live-check`;
  const [begun, setBegun] = useState(Boolean(item.live_check));
  const of = useResource(begun ? path : null, (/** @type {Api.LiveCheck} */ found) => !found.checked_at);
  const [audience, setAudience] = useState("");
  const [email, setEmail] = useState("");
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const now = /** @type {Api.LiveCheck | null} */ (of.data);
  const problems = error?.problem.errors ?? [];
  const begin = async (/** @type {Event} */ event) => {
    event.preventDefault();
    setError(null);
    try {
      await ask("POST", path, { body: { audience_id: audience, email } });
      setBegun(true);
      await of.reload();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    }
  };
  return html`<form onSubmit=${begin} novalidate><p>${t("live.text")}</p>
    ${error && !problems.length && html`<${Failure} error=${error} />`}
    <${Text} field="audience_id" label=${t("field.audience_id")} value=${audience} onInput=${setAudience} problems=${problems} />
    <${Text} field="email" type="email" label=${t("outcomes.address")} value=${email} onInput=${setEmail} problems=${problems} />
    <div class="actions"><${Button} type="submit">${t("live.begin")}</${Button}></div></form>
    ${now && html`<p role="status"><${State} state=${now.status}>${t(`proof.status.${now.status}`)}</${State}> ${now.error && textOf("problem", now.error)}</p>
    ${now.rows.length > 0 && html`<div class="table-box"><${Table} caption=${t("live.title")} rows=${now.rows} id=${(/** @type {Row} */ one) => one.code} columns=${[
      { title: t("live.question"), head: true, cell: (/** @type {Row} */ one) => html`<code>${one.code}</code>` },
      { title: t("live.result"), cell: (/** @type {Row} */ one) => t(`live.${one.result}`) },
      { title: t("proof.why"), cell: (/** @type {Row} */ { params }) => params.reason ? textOf("live", { code: String(params.reason) }) : html`<code>${params.seen}</code>` },
    ]} /></div>`}`}`;
}

/** @param {{ item: Api.Connection }} props */
function Remove({ item }) {
  const [open, setOpen] = useState(false);
  const [how, setHow] = useState("detach");
  const [using, setUsing] = useState(/** @type {Api.Export[] | null} */ (null));
  useEffect(() => {
    if (!open) return;
    const found = /** @type {Promise<Api.ExportList>} */ (get(`exports?connection=${encodeURIComponent(item.name)}`));
    found.then(({ items }) => setUsing(readable(items).filter((each) => each.connection === item.name)), () => setUsing([]));
  }, [open]);
  const remove = async () => {
    await ask("DELETE", at`connections/${item.name}` + (using?.length ? `?exports=${how}` : ""));
    say(t("connection.removed"));
    go("connections");
  };
  return html`<div class="actions"><${Button} icon="trash" onClick=${() => setOpen(true)}>${t("connection.remove")}</${Button}></div>
    ${open && html`<${Confirm} title=${t("connection.remove_title", { name: item.display_name })} action=${t("action.remove")} danger=${true} typed=${item.name} onConfirm=${remove} onClose=${() => setOpen(false)}>
      <p>${t("connection.remove_warning")}</p>
      ${using && using.length > 0 && html`<${Radios} field="exports" legend=${t("connection.used_by", { count: using.length })} value=${how} onChange=${setHow} options=${[
        ["detach", t("connection.detach"), t("connection.detach.hint")],
        ["remove", t("connection.remove_exports"), t("connection.remove_exports.hint")],
      ]} />`}
    </${Confirm}>`}`;
}
