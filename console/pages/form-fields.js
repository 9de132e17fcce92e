// E-mail and fields: proposed, with the types of both sides and masked samples from the snapshot.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ApiError, ask } from "../lib/api.js";
import { find, t } from "../lib/i18n.js";
import { Button, Notice, Told } from "../parts/basics.js";
import { Check, Field, Section, Select, Text, Wrong, idOf, problemsAt } from "../parts/form.js";
import { say } from "../lib/told.js";

/** @typedef {Api.ColumnDetail} Column */

/** Fields that every audience has, in the reader's language.
 * @type {Record<string, import("../lib/i18n.js").Key>} */
const OWN_NAMES = { FNAME: "field.first_name", LNAME: "field.last_name" };

/** @param {import("./export-form.js").SectionProps} props */
export function FieldsSection({ doc, set, problems, readonly, audiences, columns }) {
  const audience = /** @type {Api.AudienceList | null} */ (audiences.data)?.items.find((each) => each.id === doc.audience_id);
  const fields = audience?.merge_fields ?? [];
  const { proposed, propose } = useProposals(doc, set, readonly);
  const options = /** @type {[string, string][]} */ ([["", t("form.choose")], ...columns.map((column) => [column.name, column.name])]);
  const email = columns.find((column) => column.name === doc.email_field);
  const mapped = Object.entries(doc.merge_fields ?? {});
  const change = (/** @type {string} */ tag, /** @type {string} */ next, /** @type {unknown} */ value) => {
    const entries = mapped.map(([each, was]) => (each === tag ? [next, value] : [each, was]));
    set({ merge_fields: Object.fromEntries(entries) });
  };
  const remove = (/** @type {string} */ tag) => set({ merge_fields: Object.fromEntries(mapped.filter(([each]) => each !== tag)) });
  const free = fields.filter((field) => !(field.tag in (doc.merge_fields ?? {})));
  const required = free.filter((field) => field.required);
  return html`<${Section} title=${t("form.fields")} text=${t("form.fields_text")}>
    <div class="actions"><${Button} small=${true} why=${doc.segments.length && doc.audience_id ? null : t("form.propose_first")} onClick=${propose}>${t("form.propose")}</${Button}></div>
    ${proposed && html`<${Notice}><p>${t("form.proposed")}</p></${Notice}>`}
    <${Select} field="email_field" label=${t("field.email_field")} value=${doc.email_field} onChange=${(/** @type {string} */ email_field) => set({ email_field })} options=${options} problems=${problems}
      hint=${email?.samples.length ? t("form.samples", { samples: email.samples.join(", ") }) : undefined} />
    <fieldset id=${idOf("merge_fields")} tabindex="-1"><legend class="label">${t("field.merge_fields")}</legend>
      <${Wrong} problems=${problemsAt(problems, "merge_fields")} />
      ${mapped.length > 0 && html`<div class="mapping soft"><span>Mailchimp</span><span>${t("field.profile")}</span></div>`}
      ${mapped.map(([tag, value]) => html`<${Mapping} key=${tag} tag=${tag} value=${value} columns=${columns} fields=${fields} options=${options} problems=${problems} onChange=${change} onRemove=${remove} />`)}
      <${AddField} free=${free} create=${doc.create_merge_fields} onAdd=${(/** @type {string} */ tag) => set({ merge_fields: { ...doc.merge_fields, [tag]: "" } })} />
    </fieldset>
    ${required.length > 0 && html`<${Notice} tone="warn"><p>${t("form.required_fields", { fields: required.map((field) => field.name).join(", ") })}</p></${Notice}>`}
    <${Check} field="create_merge_fields" label=${t("field.create_merge_fields")} hint=${t("field.create_merge_fields.hint")} checked=${doc.create_merge_fields} onChange=${(/** @type {boolean} */ create_merge_fields) => set({ create_merge_fields })} />
  </${Section}>`;
}

/**
 * Proposals come by themselves once there is enough to go by, and on demand; nothing that is chosen is changed.
 * @param {Api.Export} doc
 * @param {(change: Partial<Api.Export>) => void} set
 * @param {boolean} readonly
 */
function useProposals(doc, set, readonly) {
  const [proposed, setProposed] = useState(false);
  const ready = doc.connection && doc.audience_id && doc.segments.length > 0 && !readonly;
  const propose = async () => {
    if (!ready) return;
    try {
      const body = { connection: doc.connection, audience_id: doc.audience_id, source: doc.source.container ? doc.source : { folder: doc.source.folder }, segments: doc.segments.map((segment) => segment.name) };
      const { data } = /** @type {{ data: Api.Suggestion }} */ (await ask("POST", "exports/suggest", { body }));
      const fields = Object.entries(data.merge_fields ?? {}).filter(([tag, field]) => !doc.merge_fields?.[tag] && (field.exists || doc.create_merge_fields));
      set({
        ...(!doc.email_field && data.email_field && { email_field: data.email_field.value }),
        merge_fields: { ...doc.merge_fields, ...Object.fromEntries(fields.map(([tag, field]) => [tag, field.value])) },
        ...(!doc.consent && data.consent && { consent: data.consent.value }),
      });
      setProposed(true);
      say(t("form.proposed"));
    } catch (error) {
      // A proposal is a help; without one everything can be chosen by hand.
      if (!(error instanceof ApiError)) throw error;
    }
  };
  useEffect(() => {
    if (ready && !doc.email_field && !Object.keys(doc.merge_fields ?? {}).length) void propose();
  }, [ready, doc.audience_id]);
  return { proposed, propose };
}

// What a field may be filled from besides a column: marks that no column is called, and members.
const TEMPLATE = "\u2028template";
const FIXED = "\u2028value";
/** @type {Record<string, string>} */
const OTHER_SOURCES = { [TEMPLATE]: "template", [FIXED]: "value" };

/** @param {any} value of `merge_fields` */
function sourceOf(value) {
  if (typeof value !== "object" || !value) return value ?? "";
  return "template" in value ? TEMPLATE : "value" in value ? FIXED : value.field;
}

/**
 * @param {{ tag: string, value: any, columns: Column[], fields: Api.MergeField[], options: [string, string][], problems: import("./export-form.js").Problem[],
 *   onChange: (tag: string, next: string, value: unknown) => void, onRemove: (tag: string) => void }} props
 */
function Mapping({ tag, value, columns, fields, options, problems, onChange, onRemove }) {
  const field = fields.find((each) => each.tag === tag);
  const source = sourceOf(value);
  const column = source in OTHER_SOURCES ? "" : source;
  const found = columns.find((each) => each.name === column);
  const offered = [...options, [TEMPLATE, t("form.from_template")], [FIXED, t("form.from_value")]];
  const type = typeof value === "object" && value?.type ? { type: value.type } : null;
  const choose = (/** @type {string} */ next) => {
    const member = OTHER_SOURCES[next];
    if (member) onChange(tag, tag, { [member]: "", ...type });
    else onChange(tag, tag, type ? { field: next, ...type } : next);
  };
  const samples = found?.samples.length ? t("form.samples", { samples: found.samples.join(", ") }) : "";
  const name = field ? t("form.field_known", { name: OWN_NAMES[tag] ? t(OWN_NAMES[tag]) : field.name, tag, type: find(`field_type.${field.type}`) ?? field.type }) : t("form.field_new", { tag });
  return html`<div class="mapping">
    <div><span class="strong"><${Told} text=${name} /></span>${field?.required && html` <span class="soft">${t("form.required")}</span>`}</div>
    <div><${Select} field=${`merge_fields.${tag}`} label=${html`<span class="hidden">${t("form.column_for", { tag })}</span>`} value=${source} options=${offered} problems=${problems} inside=${true} onChange=${choose} />
      ${source in OTHER_SOURCES && html`<${Text} field=${`merge_fields.${tag}-text`} label=${t("form.text_for", { tag })} hint=${source === TEMPLATE && t("form.template_hint")}
        value=${value.template ?? value.value ?? ""} onInput=${(/** @type {string} */ text) => onChange(tag, tag, { ...value, [OTHER_SOURCES[source] ?? ""]: text })} />`}</div>
    <${Button} small=${true} icon="cross" label=${t("form.remove_field", { tag })} onClick=${() => onRemove(tag)} />
    ${(samples || found?.type) && html`<p class="sample">${found?.type && html`<span>${find(`field_type.${found.type}`) ?? found.type}</span> · `}<${Told} text=${samples} /></p>`}
  </div>`;
}

/** @param {{ free: Api.MergeField[], create: boolean, onAdd: (tag: string) => void }} props */
function AddField({ free, create, onAdd }) {
  const [tag, setTag] = useState("");
  const [own, setOwn] = useState("");
  const wanted = tag === "+" ? own.trim().toUpperCase() : tag;
  const add = () => {
    onAdd(wanted);
    setTag("");
    setOwn("");
  };
  return html`<div class="tools"><${Select} field="add-field" label=${t("field.add")} value=${tag} onChange=${setTag}
      options=${[["", t("form.choose")], ...free.map((field) => [field.tag, `${field.name} (${field.tag})`]), ...(create ? [["+", t("form.create_field")]] : [])]} />
    ${tag === "+" && html`<${Field} field="new-field" label=${t("form.new_tag")}>${(/** @type {Record<string, unknown>} */ attributes) => html`<input ...${attributes} class="code" value=${own} maxlength="10"
      onInput=${(/** @type {any} */ event) => setOwn(event.target.value)} />`}</${Field}>`}
    <${Button} icon="plus" why=${wanted ? null : t("form.choose_first")} onClick=${add}>${t("action.add")}</${Button}></div>`;
}
