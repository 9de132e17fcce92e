// Native tables; narrow, each row becomes a block of named values. Roles are written out, as the
// browser forgets them where `display` changes.
import { html } from "../vendor/preact.js";
import { t } from "../lib/i18n.js";

/** @typedef {import("../vendor/preact.js").Child} Child */

/**
 * @template T
 * @typedef {object} Column
 * @property {string} title
 * @property {(row: T) => Child} cell
 * @property {string} [sort] the name by which it can be sorted
 * @property {boolean} [number]
 * @property {boolean} [head] names the row
 * @property {string} [kind] a class of its cells
 */

/**
 * @template T
 * @param {{ caption: string, columns: Column<T>[], rows: T[], id: (row: T) => string,
 *   sorted?: string, onSort?: (by: string) => void }} props sorted: a column's `sort`, after "-" descending
 */
export function Table({ caption, columns, rows, id, sorted = "", onSort }) {
  const by = sorted.replace(/^-/, "");
  const down = sorted.startsWith("-");
  const head = (/** @type {Column<T>} */ { title, sort, number, kind }) => {
    const mine = sort !== undefined && sort === by;
    const order = mine ? (down ? "descending" : "ascending") : undefined;
    const next = mine && !down ? `-${sort}` : (sort ?? "");
    return html`<th role="columnheader" scope="col" class=${[number && "number", kind].filter(Boolean).join(" ")} aria-sort=${order}>
      ${sort !== undefined && onSort
        ? html`<button type="button" class="sort" onClick=${() => onSort(next)}>${title}<span aria-hidden="true">${mine ? (down ? " ↓" : " ↑") : ""}</span></button>`
        : title}
    </th>`;
  };
  const cell = (/** @type {T} */ row, /** @type {Column<T>} */ column) => {
    const classes = [column.number && "number", column.kind].filter(Boolean).join(" ");
    const label = html`<span class="cell-label" aria-hidden="true">${column.title}</span>`;
    const content = html`<div class="cell">${column.cell(row)}</div>`;
    return column.head
      ? html`<th role="rowheader" scope="row" class=${classes}>${content}</th>`
      : html`<td role="cell" class=${classes}>${label}${content}</td>`;
  };
  return html`<table role="table" class="rows">
    <caption class="hidden">${caption}</caption>
    <thead role="rowgroup"><tr role="row">${columns.map(head)}</tr></thead>
    <tbody role="rowgroup">
      ${rows.map((row) => html`<tr role="row" key=${id(row)}>${columns.map((column) => cell(row, column))}</tr>`)}
    </tbody>
  </table>`;
}

/** @param {{ next: string | null | undefined, onNext: () => void, onFirst?: (() => void) | null }} props */
export function Pages({ next, onNext, onFirst }) {
  if (!next && !onFirst) return null;
  return html`<nav class="pages" aria-label=${t("table.pages")}>
    ${onFirst && html`<button type="button" class="button" onClick=${onFirst}>${t("table.first")}</button>`}
    ${next && html`<button type="button" class="button" onClick=${onNext}>${t("table.next")}</button>`}
  </nav>`;
}
