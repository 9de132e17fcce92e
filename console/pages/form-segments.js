// The folder, and the segments in it with their members, their age and the tags that they become.
import { html, useEffect, useState } from "../vendor/preact.js";
import { ago, percent } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { Button, Content, Empty, Notice, Progress, Told } from "../parts/basics.js";
import { Field, Section, Wrong, idOf, problemsAt } from "../parts/form.js";
import { membersText } from "./segments.js";
import { useSources } from "./sources.js";

const MOST = 1_000_000;

/** @param {import("./export-form.js").SectionProps} props */
export function SegmentsSection({ doc, set, problems, readonly, segments }) {
  const sources = useSources();
  const [folder, setFolder] = useState(doc.source.folder);
  useEffect(() => {
    const first = sources?.[0];
    if (first && !doc.source.folder && !readonly) take(first.folder, true);
  }, [sources]);
  const take = (/** @type {string} */ text, quiet = false) => {
    const known = sources?.find((source) => source.folder === text);
    setFolder(text);
    set({ source: known ?? { container: doc.source.container, folder: text.trim() } }, quiet);
  };
  return html`<${Section} title=${t("field.segments")} text=${t("form.segments_text")}>
    <${Field} field="source.folder" label=${t("field.source")} hint=${t("field.source.hint")} problems=${problems}>
      ${(/** @type {Record<string, unknown>} */ attributes) => html`<div class="tag-name"><input ...${attributes} class="code" value=${folder} list="folders" spellcheck="false"
          onInput=${(/** @type {any} */ event) => setFolder(event.target.value)} onChange=${(/** @type {any} */ event) => take(event.target.value)} />
        <${Button} onClick=${() => take(folder)}>${t("segments.look")}</${Button}></div>`}
    </${Field}>
    <datalist id="folders">${(sources ?? []).map((source) => html`<option value=${source.folder} />`)}</datalist>
    ${doc.source.folder && html`<${Content} of=${segments}>${(/** @type {Api.SegmentList} */ { items }) => items.length
      ? html`<${Choices} items=${items} doc=${doc} set=${set} problems=${problems} />`
      : html`<${Empty} title=${t("segments.none")}>${t("segments.none_text")}</${Empty}>`}</${Content}>`}
  </${Section}>`;
}

/** @param {{ items: Api.Segment[], doc: Api.Export, set: (change: Partial<Api.Export>) => void, problems: import("./export-form.js").Problem[] }} props */
function Choices({ items, doc, set, problems }) {
  const gone = doc.segments.filter((chosen) => !items.some((item) => item.name === chosen.name));
  const sum = items.filter((item) => doc.segments.some((chosen) => chosen.name === item.name)).reduce((all, item) => all + item.profiles.count, 0);
  const here = problemsAt(problems, "segments");
  const toggle = (/** @type {string} */ name, /** @type {boolean} */ on) =>
    set({ segments: on ? [...doc.segments, { name, tag: name, adopt: false }] : doc.segments.filter((chosen) => chosen.name !== name) });
  const retag = (/** @type {string} */ name, /** @type {string} */ tag) =>
    set({ segments: doc.segments.map((chosen) => (chosen.name === name ? { ...chosen, tag } : chosen)) });
  return html`<fieldset id=${idOf("segments")} tabindex="-1" class=${here.length ? "wrong" : ""}>
    <legend class="label">${t("field.segments")}</legend>
    ${here.length > 0 && html`<${Wrong} problems=${here} />`}
    <div class="choices" tabindex="0" role="region" aria-label=${t("field.segments")}>
      ${items.map((item) => html`<${Choice} key=${item.name} item=${item} doc=${doc} toggle=${toggle} retag=${retag} problems=${problems} />`)}
      ${gone.map((chosen) => html`<div key=${chosen.name}><label class="check"><input type="checkbox" checked=${true} onChange=${() => toggle(chosen.name, false)} />
        <span><${Told} text=${chosen.name} /><span class="hint">${t("form.segment_gone")}</span></span></label></div>`)}
    </div>
    ${doc.segments.length > 0 && html`<p class="hint">${t("form.segments_sum", { count: sum, most: MOST, share: percent(sum, MOST) })}</p>
      <${Progress} done=${sum} total=${MOST} label=${t("form.segments_of")} />`}
    ${sum > MOST && html`<${Notice} tone="warn"><p>${t("form.segments_many")}</p></${Notice}>`}
  </fieldset>`;
}

/**
 * @param {{ item: Api.Segment, doc: Api.Export, toggle: (name: string, on: boolean) => void, retag: (name: string, tag: string) => void, problems: import("./export-form.js").Problem[] }} props
 */
function Choice({ item, doc, toggle, retag, problems }) {
  const index = doc.segments.findIndex((chosen) => chosen.name === item.name);
  const chosen = doc.segments[index];
  const here = index < 0 ? [] : problemsAt(problems, `segments.${index}`, true);
  return html`<div><label class="check"><input type="checkbox" checked=${index >= 0} onChange=${(/** @type {any} */ event) => toggle(item.name, event.target.checked)} />
      <span><${Told} text=${item.name} /><span class="hint">${t("form.segment_about", { members: membersText(item), age: ago(item.age_seconds) })}</span></span></label>
    ${chosen && html`<div class="tag-name"><label for=${idOf(`segments.${index}.tag`)}>${t("form.tag")}</label>
      <input id=${idOf(`segments.${index}.tag`)} value=${chosen.tag} aria-invalid=${here.length ? "true" : undefined} onInput=${(/** @type {any} */ event) => retag(item.name, event.target.value)} /></div>`}
    ${here.length > 0 && html`<${Wrong} problems=${here} />`}
  </div>`;
}
