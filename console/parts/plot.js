// Plots for the eyes, as SVG; for everybody else the same as a table.
import { html } from "../vendor/preact.js";
import { dateTime, number } from "../lib/formats.js";
import { t } from "../lib/i18n.js";
import { Table } from "./table.js";

const WIDTH = 640;
const HEIGHT = 150;
const LEFT = 48;
const FOOT = 20;
/** So many rows of a series are enough to be read out. */
const ROWS = 40;

/** @typedef {{ at: string, value: number }} Point */

/** @param {{ title: string, unit: string, points: Point[] }} props */
export function TimePlot({ title, unit, points }) {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || points.length < 2) return null;
  const begin = Date.parse(first.at);
  const span = Math.max(1, Date.parse(last.at) - begin);
  const top = niceTop(Math.max(...points.map((point) => point.value)));
  const x = (/** @type {Point} */ point) => LEFT + ((Date.parse(point.at) - begin) / span) * (WIDTH - LEFT - 8);
  const y = (/** @type {number} */ value) => 8 + (1 - value / top) * (HEIGHT - 8 - FOOT);
  const line = points.map((point, i) => `${i ? "L" : "M"}${x(point).toFixed(1)} ${y(point.value).toFixed(1)}`).join("");
  const area = `${line}L${x(last).toFixed(1)} ${y(0)}L${LEFT} ${y(0)}Z`;
  const highest = Math.max(...points.map((point) => point.value));
  return html`<figure class="plot">
    <figcaption>${title}</figcaption>
    <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label=${t("plot.about", { title, highest, unit, begin: dateTime(first.at), end: dateTime(last.at) })}>
      ${[0, top / 2, top].map((value) => html`<g><line class="axis" x1=${LEFT} x2=${WIDTH - 8} y1=${y(value)} y2=${y(value)} />
        <text x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${number(value)}</text></g>`)}
      <path class="area" d=${area} /><path class="line" d=${line} />
      <text x=${LEFT} y=${HEIGHT - 4}>${clock(first.at)}</text>
      <text x=${WIDTH - 8} y=${HEIGHT - 4} text-anchor="end">${clock(last.at)}</text>
    </svg>
    <details class="more"><summary>${t("plot.table")}</summary><div class="small-table" tabindex="0" role="region" aria-label=${title}>
      <${Table} caption=${title} rows=${thinned(points)} id=${(/** @type {Point} */ point) => point.at} columns=${[
        { title: t("plot.time"), head: true, cell: (/** @type {Point} */ point) => dateTime(point.at) },
        { title: unit, number: true, cell: (/** @type {Point} */ point) => number(point.value) },
      ]} /></div></details>
  </figure>`;
}

/** @param {{ value: number, most: number, children?: import("../vendor/preact.js").Child }} props a bar beside its number, for tables */
export function Bar({ value, most, children }) {
  return html`<span class="share"><i style=${{ inlineSize: `${most ? (100 * value) / most : 0}%`, maxInlineSize: "10rem" }}></i>${children}</span>`;
}

/** @param {string} at */
function clock(at) {
  return dateTime(at).replace(/^.*?(\d{1,2}:\d\d.*)$/, "$1");
}

/** @param {number} value */
function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 5, 10].find((each) => each * power >= value) ?? 10;
  return step * power;
}

/** @param {Point[]} points */
function thinned(points) {
  const every = Math.ceil(points.length / ROWS);
  return points.filter((_, i) => i % every === 0);
}
