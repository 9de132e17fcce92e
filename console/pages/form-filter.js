// Which profiles are sent at all: conditions on columns, all of which must hold.
import { html } from "../vendor/preact.js";
import { find, t } from "../lib/i18n.js";
import { Button } from "../parts/basics.js";
import { Listed, Section, Select, Text, Wrong, idOf, problemsAt } from "../parts/form.js";

/** @typedef {{ field: string, op: string, values?: string[] | null, value?: string | null }} Condition */
/** @typedef {import("../parts/form.js").Problem} Problem */

const OPS = ["in", "not_in", "before", "after", "less", "more", "blank", "not_blank"];
const WITH_VALUES = ["in", "not_in"];
const WITHOUT = ["blank", "not_blank"];

/** @param {string} op */
const opText = (op) => find(`op.${op}`) ?? op;

/**
 * A filter as people say it, a line for each condition.
 * @param {{ all: Condition[] } | null | undefined} filter
 */
export const filterLines = (filter) =>
  (filter?.all ?? []).map(({ field, op, values, value }) => `${field} ${opText(op)} ${values ? values.join(", ") : (value ?? "")}`.trim());

/** @param {import("./export-form.js").SectionProps} props */
export function FilterSection({ doc, set, problems, columns }) {
  const all = /** @type {Condition[]} */ (doc.filter?.all ?? []);
  const put = (/** @type {Condition[]} */ next) => set({ filter: /** @type {any} */ (next.length ? { all: next } : null) });
  return html`<${Section} title=${t("field.filter")} text=${t("form.filter_text")}>
    <div class="stack" id=${idOf("filter")} tabindex="-1">
      ${all.map((condition, i) => html`<${OneCondition} key=${i} number=${i} condition=${condition} columns=${columns} problems=${problems}
        onChange=${(/** @type {Condition} */ next) => put(all.map((each, other) => (other === i ? next : each)))}
        onRemove=${() => put(all.filter((_, other) => other !== i))} />`)}
      <${Button} small=${true} icon="plus" onClick=${() => put([...all, { field: "", op: "in", values: [] }])}>${t("form.filter_add")}</${Button}>
    </div>
  </${Section}>`;
}

/**
 * @param {{ number: number, condition: Condition, columns: Api.ColumnDetail[], problems: Problem[],
 *   onChange: (condition: Condition) => void, onRemove: () => void }} props
 */
function OneCondition({ number, condition, columns, problems, onChange, onRemove }) {
  const { field, op } = condition;
  const place = `filter.all.${number}`;
  const column = columns.find((each) => each.name === field);
  const values = condition.values ?? (condition.value ? [condition.value] : []);
  const change = (/** @type {string} */ next) => {
    if (WITH_VALUES.includes(next)) onChange({ field, op: next, values });
    else onChange({ field, op: next, ...(!WITHOUT.includes(next) && { value: values[0] ?? "" }) });
  };
  return html`<fieldset class="card" id=${idOf(place)} tabindex="-1"><legend class="hidden">${t("form.filter_number", { number: number + 1 })}</legend>
    <${Wrong} problems=${problemsAt(problems, place)} />
    <div class="form-grid">
      <${Select} field=${`${place}.field`} label=${t("form.consent_column")} value=${field} onChange=${(/** @type {string} */ next) => onChange({ ...condition, field: next })} problems=${problems}
        options=${[["", t("form.choose")], ...columns.map((each) => [each.name, each.name])]} hint=${column?.samples.length ? t("form.samples", { samples: column.samples.join(", ") }) : undefined} />
      <${Select} field=${`${place}.op`} label=${t("form.filter_op")} value=${op} onChange=${change} problems=${problems} options=${OPS.map((each) => [each, opText(each)])} />
      ${WITH_VALUES.includes(op)
        ? html`<${Listed} field=${`${place}.values`} label=${t("form.filter_values")} hint=${t("form.consent_values_hint")} values=${values}
            onChange=${(/** @type {string[]} */ next) => onChange({ field, op, values: next })} problems=${problems} />`
        : !WITHOUT.includes(op) && html`<${Text} field=${`${place}.value`} label=${t("form.filter_value")} hint=${t("form.filter_value_hint")} value=${condition.value ?? ""}
            onInput=${(/** @type {string} */ value) => onChange({ field, op, value })} problems=${problems} />`}
    </div>
    <${Button} small=${true} icon="cross" onClick=${onRemove}>${t("form.filter_remove")}</${Button}>
  </fieldset>`;
}
