// Small pictures beside words; they are hidden from screen readers, the word says it.
import { html } from "../vendor/preact.js";

/** @type {Record<string, string>} */
const PATHS = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  warning: "M8 2.5L14.5 13.5H1.5zM8 6.5v3M8 11.4v.2",
  info: "M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8zM8 7.3v4M8 4.8v.2",
  clock: "M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8zM8 4.5V8l2.5 1.8",
  skip: "M4 4l5 4-5 4zM11.5 4v8",
  ban: "M8 1.8a6.2 6.2 0 100 12.4A6.2 6.2 0 008 1.8zM3.8 3.8l8.4 8.4",
  dot: "M8 7.2a.8.8 0 100 1.6.8.8 0 000-1.6z",
  spin: "M8 1.8a6.2 6.2 0 106.2 6.2",
  play: "M5 3.2l8 4.8-8 4.8z",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8zM8 6.2a1.8 1.8 0 100 3.6 1.8 1.8 0 000-3.6z",
  pencil: "M2.5 13.5l.8-3.3 7.5-7.5 2.5 2.5-7.5 7.5z",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  trash: "M2.5 4.5h11M6 4.5v-2h4v2M4 4.5l.7 9h6.6l.7-9",
  plus: "M8 3v10M3 8h10",
  unlink: "M6.5 9.5l3-3M7 4.5l1.6-1.6a3.2 3.2 0 014.5 4.5L11.5 9M9 11.5l-1.6 1.6a3.2 3.2 0 01-4.5-4.5L4.5 7",
  down: "M8 2.5v8M4.5 7.5L8 11l3.5-3.5M2.5 13.5h11",
  more: "M3.5 7.6v.8M8 7.6v.8M12.5 7.6v.8",
  external: "M6.5 3.5h-4v10h10v-4M9 2.5h4.5V7M13.5 2.5L7.5 8.5",
  search: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9zM10.5 10.5l3.2 3.2",
};

/** @param {{ name: string, turning?: boolean }} props */
export function Icon({ name, turning }) {
  return html`<svg class=${turning ? "icon turning" : "icon"} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name] ?? ""} />
  </svg>`;
}
