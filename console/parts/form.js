// Fields with label, hint and problems; the problems' summary leads to them.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";
import { textOf } from "../lib/codes.js";
import { Icon } from "./icons.js";

/** @typedef {import("../vendor/preact.js").Child} Child */
/** @typedef {{ field: string, code?: string, params?: Record<string, unknown>, message: string }} Problem */

/** @param {string} field as the API names it: segments.0.tag */
export const idOf = (field) => `f-${field.replace(/[^\w-]/g, "-")}`;

/** @param {Problem} problem */
export const problemOf = ({ code = "", params, message }) => textOf("field", { code, params: { ...params, message }, message });

/**
 * The problems at a field, and at those inside it where they have no place of their own.
 * @param {Problem[]} problems
 * @param {string} field
 * @param {boolean} [inside]
 */
export const problemsAt = (problems, field, inside) =>
  problems.filter((problem) => problem.field === field || (inside && problem.field.startsWith(`${field}.`)));

/**
 * @param {{ field: string, label: Child, hint?: Child, problems?: Problem[], inside?: boolean,
 *   children: (attributes: Record<string, unknown>) => Child, wide?: boolean, optional?: boolean }} props
 */
export function Field({ field, label, hint, problems = [], inside, children, wide, optional }) {
  const id = idOf(field);
  const here = problemsAt(problems, field, inside);
  const described = [hint && `${id}-hint`, here.length && `${id}-problem`].filter(Boolean).join(" ");
  return html`<div class=${["field", here.length && "wrong", wide && "wide"].filter(Boolean).join(" ")}>
    <label class="label" for=${id}>${label}${optional && html` <span class="soft">${t("form.optional")}</span>`}</label>
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${here.length > 0 && html`<${Wrong} id=${`${id}-problem`} problems=${here} />`}
    ${children({ id, "aria-describedby": described || undefined, "aria-invalid": here.length ? "true" : undefined })}
  </div>`;
}

/** @param {{ id?: string, problems: Problem[] }} props */
export function Wrong({ id, problems }) {
  return html`<div class="problem" id=${id}>${problems.map(
    (problem) => html`<p><${Icon} name="cross" /> ${problemOf(problem)}</p>`,
  )}</div>`;
}

/**
 * @param {{ field: string, label: Child, value: string, onInput: (value: string) => void, hint?: Child, problems?: Problem[],
 *   type?: string, list?: string, required?: boolean, readonly?: boolean, code?: boolean, placeholder?: string, optional?: boolean,
 *   min?: number, max?: number, autocomplete?: string }} props
 */
export function Text({ field, label, value, onInput, hint, problems, type = "text", code, optional, ...more }) {
  return html`<${Field} field=${field} label=${label} hint=${hint} problems=${problems} optional=${optional}>
    ${(/** @type {Record<string, unknown>} */ attributes) => html`<input ...${attributes} type=${type} value=${value} class=${code ? "code" : ""}
      onInput=${(/** @type {any} */ event) => onInput(event.target.value)} spellcheck=${code ? "false" : undefined} autocomplete="off" ...${more} />`}
  </${Field}>`;
}

/**
 * Several values in one line; what is being typed stays as it is, whatever it means so far.
 * @param {{ field: string, label: Child, values: string[], onChange: (values: string[]) => void, hint?: Child, problems?: Problem[] }} props
 */
export function Listed({ values, onChange, ...more }) {
  const [typed, setTyped] = useState(values.join(", "));
  const read = (/** @type {string} */ text) => text.split(",").map((value) => value.trim()).filter(Boolean);
  const type = (/** @type {string} */ text) => {
    setTyped(text);
    onChange(read(text));
  };
  const text = read(typed).join() === values.join() ? typed : values.join(", ");
  return html`<${Text} ...${more} value=${text} onInput=${type} />`;
}

/**
 * @param {{ field: string, label: Child, value: string, onChange: (value: string) => void, options: [string, string][],
 *   hint?: Child, problems?: Problem[], disabled?: boolean, inside?: boolean, optional?: boolean }} props
 */
export function Select({ field, label, value, onChange, options, hint, problems, disabled, inside, optional }) {
  // What is stored may not be offered any more: it is shown all the same.
  const all = options.some(([key]) => key === value) ? options : [...options, /** @type {[string, string]} */ ([value, value])];
  return html`<${Field} field=${field} label=${label} hint=${hint} problems=${problems} inside=${inside} optional=${optional}>
    ${(/** @type {Record<string, unknown>} */ attributes) => html`<select ...${attributes} disabled=${disabled} value=${value}
      onChange=${(/** @type {any} */ event) => onChange(event.target.value)}>
      ${all.map(([key, text]) => html`<option value=${key} selected=${key === value}>${text}</option>`)}
    </select>`}
  </${Field}>`;
}

/**
 * @param {{ label: Child, checked: boolean, onChange: (on: boolean) => void, hint?: Child, field?: string, disabled?: boolean }} props
 */
export function Check({ label, checked, onChange, hint, field, disabled }) {
  return html`<label class="check"><input type="checkbox" id=${field && idOf(field)} checked=${checked} disabled=${disabled}
    onChange=${(/** @type {any} */ event) => onChange(event.target.checked)} /><span>${label}${hint && html`<span class="hint">${hint}</span>`}</span></label>`;
}

/**
 * @param {{ field: string, legend: string, value: string, onChange: (value: string) => void, options: [string, string, string?][], problems?: Problem[], hint?: Child }} props
 */
export function Radios({ field, legend, value, onChange, options, problems = [], hint }) {
  const here = problemsAt(problems, field);
  return html`<fieldset class=${here.length ? "radios wrong" : "radios"} id=${idOf(field)} tabindex="-1">
    <legend class="label">${legend}</legend>
    ${hint && html`<p class="hint">${hint}</p>`}
    ${here.length > 0 && html`<${Wrong} problems=${here} />`}
    ${options.map(
      ([key, text, more]) => html`<label class="check"><input type="radio" name=${idOf(field)} value=${key} checked=${key === value}
        onChange=${() => onChange(key)} /><span>${text}${more && html`<span class="hint">${more}</span>`}</span></label>`,
    )}
  </fieldset>`;
}

/** @param {{ title: string, text?: string, children?: Child }} props a part of a long form */
export function Section({ title, text, children }) {
  return html`<section class="form-section"><header><h2>${title}</h2>${text && html`<p>${text}</p>`}</header><div>${children}</div></section>`;
}

/** @param {{ problems: Problem[], names: (field: string) => string }} props gets the focus when problems come */
export function Summary({ problems, names }) {
  const ref = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    if (problems.length) ref.current?.focus();
  }, [problems]);
  if (!problems.length) return null;
  return html`<div class="notice bad summary" ref=${ref} tabindex="-1" role="group" aria-labelledby="summary-title">
    <${Icon} name="cross" />
    <div class="grow"><h2 id="summary-title">${t("form.problems", { count: problems.length })}</h2>
      <ul>${problems.map((problem) => html`<li><a href=${`#${idOf(problem.field)}`} onClick=${(/** @type {Event} */ event) => lead(event, problem.field)}>
        ${names(problem.field)}: ${problemOf(problem)}</a></li>`)}</ul>
    </div>
  </div>`;
}

/**
 * Focus the field, or the nearest one around it.
 * @param {Event} event
 * @param {string} field
 */
function lead(event, field) {
  event.preventDefault();
  const parts = field.split(".");
  for (let length = parts.length; length > 0; length -= 1) {
    const found = document.getElementById(idOf(parts.slice(0, length).join(".")));
    if (!found) continue;
    const folded = found.closest("details");
    if (folded) folded.open = true;
    found.scrollIntoView({ block: "center" });
    found.focus();
    return;
  }
}
