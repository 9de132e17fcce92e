// What Customer Insights has written: segments with members, age and columns, and whom they feed.
import { html, useEffect, useState } from "../vendor/preact.js";
import { at, query } from "../lib/api.js";
import { ago, number, percent, size, stampTime } from "../lib/formats.js";
import { find, t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { Button, Content, Empty, Heading, Told } from "../parts/basics.js";
import { Dialog } from "../parts/dialog.js";
import { Text } from "../parts/form.js";
import { Table } from "../parts/table.js";
import { useSources } from "./sources.js";

export function SegmentsPage() {
  const sources = useSources();
  const [folder, setFolder] = useState("");
  const [asked, setAsked] = useState("");
  const [shown, setShown] = useState("");
  useEffect(() => {
    const first = sources?.[0];
    if (first && !asked) {
      setFolder(first.folder);
      setAsked(first.folder);
    }
  }, [sources]);
  const container = sources?.find((source) => source.folder === asked)?.container ?? "";
  const segments = useResource(asked ? `segments${query({ container, folder: asked })}` : null);
  const look = (/** @type {Event} */ event) => {
    event.preventDefault();
    setAsked(folder.trim());
  };
  return html`<${Heading} title=${t("nav.segments")}><p>${t("segments.what")}</p></${Heading}>
    <form class="tools" onSubmit=${look}>
      <${Text} field="folder" label=${t("field.source")} hint=${t("field.source.hint")} value=${folder} onInput=${setFolder} code=${true} list="folders" />
      <datalist id="folders">${(sources ?? []).map((source) => html`<option value=${source.folder} />`)}</datalist>
      <${Button} type="submit">${t("segments.look")}</${Button}>
    </form>
    ${asked
      ? html`<${Content} of=${segments}>${(/** @type {Api.SegmentList} */ { items }) => items.length
          ? html`<div class="table-box"><${SegmentTable} items=${items} onShow=${setShown} /></div>`
          : html`<${Empty} title=${t("segments.none")}>${t("segments.none_text")}</${Empty}>`}</${Content}>`
      : html`<${Empty} title=${t("segments.choose")}>${t("segments.choose_text")}</${Empty}>`}
    ${shown && html`<${Detail} name=${shown} container=${container} folder=${asked} onClose=${() => setShown("")} />`}`;
}

/** @param {{ items: Api.Segment[], onShow: (name: string) => void }} props */
function SegmentTable({ items, onShow }) {
  return html`<${Table} caption=${t("nav.segments")} rows=${items} id=${(/** @type {Api.Segment} */ item) => item.name} columns=${[
    { title: t("segments.name"), head: true, cell: (/** @type {Api.Segment} */ item) => html`<${Told} text=${item.name} />` },
    { title: t("segments.members"), number: true, cell: membersText },
    { title: t("segments.snapshot"), cell: (/** @type {Api.Segment} */ item) => html`${stampTime(item.snapshot)}<div class="soft">${ago(item.age_seconds)}</div>` },
    { title: t("segments.columns"), number: true, cell: (/** @type {Api.Segment} */ item) => number(item.columns.length) },
    { title: t("segments.size"), number: true, cell: (/** @type {Api.Segment} */ item) => size(item.bytes) },
    { title: t("table.actions"), cell: (/** @type {Api.Segment} */ item) => html`<${Button} small=${true} label=${t("segments.show_name", { name: item.name })} onClick=${() => onShow(item.name)}>${t("segments.show")}</${Button}>` },
  ]} />`;
}

/** @param {Api.Segment} item */
export function membersText(item) {
  return item.profiles.exact ? number(item.profiles.count) : t("segments.about", { count: item.profiles.count });
}

/**
 * Where a segment's details are; not every name can stand in a path.
 * @param {string} name
 * @param {Api.Source} source
 */
export function segmentPath(name, source) {
  const plain = /^[^/\\%?#]+$/.test(name) && name !== "." && name !== "..";
  return plain ? at`segments/${name}` + query({ ...source }) : `segments${query({ ...source, name })}`;
}

/** @param {{ name: string, container: string, folder: string, onClose: () => void }} props */
function Detail({ name, container, folder, onClose }) {
  const detail = useResource(segmentPath(name, { container, folder }));
  return html`<${Dialog} title=${name} onClose=${onClose}>
    <${Content} of=${detail}>${(/** @type {Api.SegmentDetail} */ found) => html`
      <h3>${t("segments.feeds")}</h3>
      ${found.exports?.length ? html`<ul class="plain-list">${found.exports.map((each) => html`<li><a href=${`/console/${at`exports/${each.name}`}`}><${Told} text=${each.name} /></a> → <${Told} text=${each.audience_id} /></li>`)}</ul>` : html`<p>${t("segments.feeds_none")}</p>`}
      <h3>${t("segments.columns")}</h3>
      <p class="soft">${t("preview.masked")}</p>
      <${Table} caption=${t("segments.columns")} rows=${found.columns} id=${(/** @type {Api.ColumnDetail} */ column) => column.name} columns=${[
        { title: t("segments.column"), head: true, cell: (/** @type {Api.ColumnDetail} */ column) => html`<${Told} text=${column.name} /><div class="soft">${find(`field_type.${column.type}`) ?? column.type}</div>` },
        { title: t("segments.samples"), cell: (/** @type {Api.ColumnDetail} */ column) => html`<${Told} text=${column.samples.join(", ")} />` },
        { title: t("segments.blank"), number: true, cell: (/** @type {Api.ColumnDetail} */ column) => percent(column.blank_share, 1) || percent(0, 1) },
      ]} />
      <h3>${t("segments.snapshots")}</h3>
      <ul class="plain-list">${found.snapshots.slice(0, 20).map((snapshot) => html`<li>${stampTime(snapshot.snapshot)}: ${snapshot.profiles == null ? size(snapshot.bytes) : t("count.profiles", { count: snapshot.profiles.count })}${!snapshot.whole && html` <span class="soft">${t("segments.not_whole")}</span>`}</li>`)}</ul>`}
    </${Content}>
    <div class="actions end"><${Button} kind="primary" onClick=${onClose}>${t("action.close")}</${Button}></div>
  </${Dialog}>`;
}

