// What an export fills besides fields: interests, marketing permissions, language, proof of consent.
import { html } from "../vendor/preact.js";
import { at } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Button, Failure, Loading } from "../parts/basics.js";
import { Check, Listed, Section, Select, Wrong, idOf, problemsAt } from "../parts/form.js";

/** @typedef {{ field: string, values: string[], existing?: string }} Answer */

const PROOF = /** @type {const} */ (["opted_in_at", "opt_in_ip", "signed_up_at", "signup_ip"]);

/** @param {import("./export-form.js").SectionProps} props */
export function MoreSection(props) {
  const { doc, set, problems, columns } = props;
  const options = /** @type {[string, string][]} */ ([["", t("form.no_column")], ...columns.map((each) => [each.name, each.name])]);
  const proof = /** @type {Record<string, string>} */ (doc.proof_of_consent ?? {});
  const prove = (/** @type {string} */ member, /** @type {string} */ column) => {
    const { [member]: _, ...rest } = proof;
    const next = column ? { ...rest, [member]: column } : rest;
    set({ proof_of_consent: /** @type {any} */ (Object.keys(next).length ? next : null) });
  };
  return html`<${Section} title=${t("form.extras")} text=${t("form.extras_text")}>
    <${Interests} ...${props} />
    <${Select} field="language_field" label=${t("field.language_field")} hint=${t("form.language_hint")} value=${doc.language_field ?? ""} options=${options} problems=${problems}
      onChange=${(/** @type {string} */ column) => set({ language_field: column || null })} />
    <fieldset id=${idOf("proof_of_consent")} tabindex="-1"><legend class="label">${t("field.proof_of_consent")}</legend>
      <p class="soft">${t("form.proof_text")}</p>
      <div class="form-grid">${PROOF.map((member) => html`<${Select} key=${member} field=${`proof_of_consent.${member}`} label=${t(`form.proof.${member}`)} value=${proof[member] ?? ""}
        options=${options} problems=${problems} onChange=${(/** @type {string} */ column) => prove(member, column)} />`)}</div>
    </fieldset>
  </${Section}>`;
}

/**
 * What both interests and marketing permissions are chosen by.
 * @param {import("./export-form.js").SectionProps & { member: "interests" | "marketing_permissions", one: "interest" | "permission", known: { id: string, name: string }[] }} props
 */
function Answers({ doc, set, problems, columns, member, one, known }) {
  const filled = /** @type {Record<string, Answer>} */ (doc[member] ?? {});
  const put = (/** @type {Record<string, Answer>} */ next) => set({ [member]: /** @type {any} */ (next) });
  const free = known.filter((each) => !(each.id in filled));
  const nameOf = (/** @type {string} */ id) => known.find((each) => each.id === id)?.name ?? id;
  return html`
    ${Object.entries(filled).map(([id, answer]) => {
      const place = `${member}.${id}`;
      const change = (/** @type {Partial<Answer>} */ members) => put({ ...filled, [id]: { ...answer, ...members } });
      return html`<fieldset class="card" key=${id} id=${idOf(place)} tabindex="-1"><legend>${nameOf(id)}</legend>
        <${Wrong} problems=${problemsAt(problems, place)} />
        <div class="form-grid">
          <${Select} field=${`${place}.field`} label=${t("form.consent_column")} value=${answer.field} problems=${problems} onChange=${(/** @type {string} */ field) => change({ field })}
            options=${[["", t("form.choose")], ...columns.map((each) => [each.name, each.name])]} />
          <${Listed} field=${`${place}.values`} label=${t("form.interest_values")} hint=${t("form.consent_values_hint")} values=${answer.values} problems=${problems}
            onChange=${(/** @type {string[]} */ values) => change({ values })} />
        </div>
        <${Check} field=${`${place}.existing`} label=${t("form.interest_existing")} hint=${t("form.interest_existing.hint")} checked=${answer.existing === "give"}
          onChange=${(/** @type {boolean} */ on) => change({ existing: on ? "give" : "leave" })} />
        <${Button} small=${true} icon="cross" onClick=${() => put(Object.fromEntries(Object.entries(filled).filter(([other]) => other !== id)))}>${t(`form.${one}_remove`)}</${Button}>
      </fieldset>`;
    })}
    ${free.length > 0 && html`<${Select} field=${`${member}.add`} label=${t(`form.${one}_add`)} value="" options=${[["", t("form.choose")], ...free.map((each) => [each.id, each.name])]}
      onChange=${(/** @type {string} */ id) => id && put({ ...filled, [id]: { field: "", values: ["true"], existing: "leave" } })} />`}`;
}

/** @param {import("./export-form.js").SectionProps} props */
function Interests(props) {
  const { doc } = props;
  const detail = useResource(doc.connection && doc.audience_id ? at`connections/${doc.connection}/audiences/${doc.audience_id}` : null);
  const found = /** @type {Api.AudienceDetail | null} */ (detail.data);
  const interests = found?.interests.map((each) => ({ id: each.id, name: `${each.group}: ${each.name}` })) ?? [];
  const permissions = found?.marketing_permissions?.map((each) => ({ id: each.id, name: each.text })) ?? [];
  return html`
    ${detail.loading && html`<${Loading} />`}
    ${detail.error && html`<${Failure} error=${detail.error} again=${detail.reload} />`}
    <fieldset id=${idOf("interests")} tabindex="-1"><legend class="label">${t("field.interests")}</legend>
      <p class="soft">${t("form.interests_text")}</p>
      <${Answers} ...${props} member="interests" one="interest" known=${interests} />
    </fieldset>
    <fieldset id=${idOf("marketing_permissions")} tabindex="-1"><legend class="label">${t("field.marketing_permissions")}</legend>
      <p class="soft">${t(found && !found.marketing_permissions ? "warning.marketing_permissions_unchecked" : "form.permissions_text")}</p>
      <${Answers} ...${props} member="marketing_permissions" one="permission" known=${permissions} />
    </fieldset>`;
}
