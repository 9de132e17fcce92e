// What a run would do: counts, calls and minutes, growth and Mailchimp's bill, masked samples.
import { html } from "../vendor/preact.js";
import { number } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { numbers } from "../lib/i18n.js";
import { Facts, Notice, Told } from "../parts/basics.js";

const KINDS = /** @type {const} */ (["to_upsert", "to_tag", "to_untag", "to_archive", "to_unsubscribe", "unchanged", "skipped"]);

/** @param {{ run: Api.Run, plan: Api.Plan }} props */
export function Plan({ plan }) {
  const kinds = KINDS.filter((kind) => plan.counts[kind] || plan.samples[kind]?.length);
  const withheld = plan.withheld;
  return html`
    <section aria-labelledby="plan"><h2 id="plan">${t("preview.would")}</h2>
      <div class="tiles">
        ${tile("profiles", plan.counts.profiles)}${tile("contacts", plan.counts.contacts)}
        ${KINDS.filter((kind) => plan.counts[kind]).map((kind) => tile(kind, plan.counts[kind]))}
      </div>
      ${withheld && (withheld.removals + withheld.withdrawals > 0) && html`<${Notice} tone="warn"><p>${t("preview.removals_withheld", { count: withheld.removals + withheld.withdrawals })}</p></${Notice}>`}
      ${withheld && withheld.additions > 0 && html`<${Notice} tone="warn"><p>${t("preview.additions_withheld", { count: withheld.additions })}</p></${Notice}>`}
    </section>
    <section class="columns">
      <div class="card stack"><h2>${t("preview.effort")}</h2><${Facts} items=${[
        [t("preview.calls"), number(plan.calls)],
        [t("preview.minutes"), numbers({ maximumFractionDigits: 1 }).format(plan.minutes)],
        [t("preview.new"), number(plan.new_to_export)],
        [t("preview.audience"), number(plan.audience_contacts)],
      ]} /></div>
      ${plan.bill?.audience_after && html`<div class="card stack"><h2>${t("preview.bill")}</h2><${Bill} bill=${plan.bill} /></div>`}
    </section>
    <section aria-labelledby="samples"><h2 id="samples">${t("preview.samples")}</h2><p class="soft">${t("preview.masked")}</p>
      <div class="columns">${kinds.filter((kind) => plan.samples[kind]?.length).map((kind) => html`<div class="card"><h3>${find(`tile.${kind}`)}</h3>
        <ul class="plain-list">${plan.samples[kind]?.map((sample) => html`<li><${Told} text=${sample.email} /> <span class="soft"><${Told} text=${sample.customer_id ?? ""} /></span></li>`)}</ul></div>`)}</div>
    </section>`;
}

/**
 * @param {string} name
 * @param {number} value
 */
function tile(name, value) {
  return html`<div class="tile"><b>${number(value)}</b><span>${find(`tile.${name}`) ?? name}</span></div>`;
}

/** @param {{ bill: Api.Bill }} props */
export function Bill({ bill }) {
  const range = (/** @type {{ at_least: number | null, at_most: number | null } | null | undefined} */ value) => {
    if (!value || value.at_least == null || value.at_most == null) return null;
    return value.at_least === value.at_most ? number(value.at_least) : t("bill.range", { least: value.at_least, most: value.at_most });
  };
  const { price_change: price, would_save_by_archiving: saving } = bill;
  const money = (/** @type {number} */ amount) => numbers({ style: "currency", currency: price?.currency ?? "EUR" }).format(amount);
  const change = price?.at_least == null || price.at_most == null ? null
    : price.at_least === price.at_most ? money(price.at_least) : t("bill.range_text", { least: money(price.at_least), most: money(price.at_most) });
  return html`<${Facts} items=${[
    [t("bill.audience_before"), bill.audience_before != null && number(bill.audience_before)],
    [t("bill.audience_after"), range(bill.audience_after)],
    [t("bill.account_after"), range(bill.account_after)],
    [t("bill.blocks_after"), range(bill.blocks_after)],
    [t("bill.change"), change],
    [t("bill.unsubscribed"), saving && saving.contacts > 0 && number(saving.contacts)],
    [t("bill.saving"), saving?.amount ? money(saving.amount) : null],
  ]} />`;
}
