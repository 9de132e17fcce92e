// New and edit: one page in sections. Saving checks everything, tells every problem, never runs.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { ApiError, ask, at, query } from "../lib/api.js";
import { textOf } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { go, guard } from "../lib/router.js";
import { may } from "../lib/session.js";
import { Button, Content, Failure, Heading, Notice } from "../parts/basics.js";
import { Section, Summary, Text } from "../parts/form.js";
import { say } from "../lib/told.js";
import { mayOf, startPreview } from "./export-actions.js";
import { nameFrom } from "./connection-words.js";
import { memberName } from "./history.js";
import { AudienceSection } from "./form-audience.js";
import { ConsentSection, LeaversSection } from "./form-policies.js";
import { FieldsSection } from "./form-fields.js";
import { FilterSection } from "./form-filter.js";
import { MoreSection } from "./form-more.js";
import { ScheduleSection } from "./form-schedule.js";
import { SegmentsSection } from "./form-segments.js";
import { segmentPath } from "./segments.js";

/** @typedef {import("../parts/form.js").Problem} Problem */

/** @param {{ connection: string }} props */
export function NewExportPage({ connection }) {
  if (!may("contributor")) return html`<${Heading} title=${t("export.new")} /><${Notice} tone="warn"><p>${t("why.contributor")}</p></${Notice}>`;
  return html`<${ExportForm} first=${blank(connection)} isNew=${true} />`;
}

/** @param {{ name: string }} props */
export function EditExportPage({ name }) {
  const item = useResource(at`exports/${name}`);
  const loaded = /** @type {Api.Export | null} */ (item.data);
  return html`<${Content} of=${item} title=${name}>${() => loaded && html`<${ExportForm} first=${loaded} etag=${item.etag} isNew=${false} key=${loaded.name} />`}</${Content}>`;
}

/**
 * @param {string} connection
 * @returns {Api.Export}
 */
function blank(connection) {
  return /** @type {Api.Export} */ (/** @type {unknown} */ ({
    name: "",
    display_name: "",
    connection: connection || null,
    audience_id: "",
    source: { container: "", folder: "" },
    segments: [],
    email_field: "",
    merge_fields: {},
    create_merge_fields: true,
    consent: null,
    status_for_new: "subscribed",
    leavers: "untag",
    removal_limit_percent: 20,
    stale_after_hours: 72,
    schedule: { active: true, kind: "refresh", cron: [], time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC" },
  }));
}

/**
 * What a section gets: the document, how to change members of it, and the problems found.
 * @typedef {object} SectionProps
 * @property {Api.Export} doc
 * @property {(change: Partial<Api.Export>, quiet?: boolean) => void} set quiet: nothing that a person has done
 * @property {Problem[]} problems
 * @property {boolean} readonly
 * @property {import("../lib/resource.js").Resource<Api.AudienceList>} audiences of the connection's account
 * @property {import("../lib/resource.js").Resource<Api.SegmentList>} segments in the folder
 * @property {Api.ColumnDetail[]} columns of the first chosen segment
 */

/** @param {{ first: Api.Export, etag?: string, isNew: boolean }} props etag: of `first` as it was read */
function ExportForm({ first, etag = "", isNew }) {
  const version = useRef(etag);
  const [doc, setDoc] = useState(first);
  const [typedName, typeName] = useState(!isNew);
  const [changed, setChanged] = useState(false);
  const [problems, setProblems] = useState(/** @type {Problem[]} */ ([]));
  const [warnings, setWarnings] = useState(/** @type {import("../lib/codes.js").Coded[]} */ ([]));
  const [saved, setSaved] = useState(false);
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const [busy, setBusy] = useState("");
  const why = isNew ? null : mayOf(first, "edit");
  const { connection, source } = doc;
  const audiences = useResource(connection ? at`connections/${connection}/audiences` : null);
  const segments = useResource(source.folder ? `segments${query({ ...source })}` : null);
  const columns = useColumns(doc, /** @type {Api.SegmentList | null} */ (segments.data));

  const set = (/** @type {Partial<Api.Export>} */ change, quiet = false) => {
    setDoc((before) => ({ ...before, ...change }));
    if (quiet) return;
    setChanged(true);
    setSaved(false);
  };
  useEffect(() => {
    guard.mayLeave = changed ? () => confirm(t("form.leave")) : null;
    return () => {
      guard.mayLeave = null;
    };
  }, [changed]);

  const attempt = async (/** @type {string} */ what, /** @type {() => Promise<void>} */ work) => {
    if (busy) return;
    const missing = missingOf(doc);
    setError(null);
    setProblems(missing);
    if (missing.length) return;
    setBusy(what);
    try {
      await work();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      if (problem.status === 412) setProblems([{ field: "name", code: version.current ? "changed" : "taken", message: "" }]);
      else if (problem.problem.errors?.length) setProblems(problem.problem.errors);
      else setError(problem);
    } finally {
      setBusy("");
    }
  };
  const save = () => attempt("save", async () => {
    // Nobody's change in between is overwritten; one's own from here is the version that counts next.
    const headers = version.current ? { "If-Match": version.current } : { "If-None-Match": "*" };
    const answer = /** @type {import("../lib/api.js").Answer<Api.Export>} */ (await ask("PUT", at`exports/${doc.name}`, { body: sent(doc), headers }));
    const { data } = answer;
    version.current = answer.etag;
    setWarnings(data.warnings ?? []);
    setChanged(false);
    setSaved(true);
    guard.mayLeave = null;
    say(t("form.saved"));
    if (isNew) history.replaceState(null, "", `/console/${at`exports/${doc.name}`}/edit`);
    document.querySelector("h1")?.focus();
    scrollTo(0, 0);
  });
  const check = () => attempt("check", async () => {
    const { data } = /** @type {{ data: Api.Validation }} */ (await ask("POST", at`exports/${doc.name}/validate`, { body: sent(doc) }));
    setProblems(data.errors);
    setWarnings(data.warnings);
    if (!data.errors.length) say(t("form.all_well"));
  });
  const rename = (/** @type {string} */ title) => set({ display_name: title, ...(!typedName && !version.current && { name: nameFrom(title) }) });
  const section = { doc, set, problems, readonly: why !== null, audiences, segments, columns };

  return html`
    <${Heading} above=${html`<a href=${isNew ? "/console/exports" : `/console/${at`exports/${first.name}`}`}>${isNew ? t("nav.exports") : first.display_name}</a>`}
      title=${isNew ? t("export.new") : t(why ? "export.view" : "export.edit")} />
    ${why && html`<${Notice} tone="warn"><p>${why}</p></${Notice}>`}
    ${saved && html`<${Notice} tone="good" title=${t("export.saved")} actions=${html`
      <${Button} kind="primary" icon="eye" onClick=${() => startPreview(doc.name)}>${t("action.preview")}</${Button}>
      <a class="button" href=${`/console/${at`exports/${doc.name}`}`}>${t("export.to")}</a>`}><p>${t("export.saved_text")}</p></${Notice}>`}
    ${warnings.map((warning) => html`<${Notice} tone="warn"><p>${textOf("warning", warning)}</p></${Notice}>`)}
    <${Summary} problems=${problems} names=${memberName} />
    ${error && html`<${Failure} error=${error} />`}
    <form onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); void save(); }} novalidate>
      <fieldset disabled=${why !== null}>
        <legend class="hidden">${t("export.edit")}</legend>
        <${Section} title=${t("form.name")} text=${t("form.name_text")}>
          <${Text} field="display_name" label=${t("field.display_name")} value=${doc.display_name} onInput=${rename} problems=${problems} required=${true} />
          <${Text} field="name" label=${t("field.name")} hint=${t("field.name.hint")} value=${doc.name} readonly=${version.current !== ""} code=${true} problems=${problems}
            onInput=${(/** @type {string} */ name) => { typeName(true); set({ name }); }} />
        </${Section}>
        <${AudienceSection} ...${section} />
        <${SegmentsSection} ...${section} />
        <${FilterSection} ...${section} />
        <${FieldsSection} ...${section} />
        <${MoreSection} ...${section} />
        <${ConsentSection} ...${section} />
        <${LeaversSection} ...${section} />
        <${ScheduleSection} ...${section} />
        <${Section} title=${t("records.title")} text=${t("form.purpose_text")}>
          <${Text} field="purpose" label=${t("field.purpose")} value=${doc.purpose ?? ""} onInput=${(/** @type {string} */ purpose) => set({ purpose: purpose || null })} problems=${problems} optional=${true} />
          <${Text} field="legal_basis" label=${t("field.legal_basis")} value=${doc.legal_basis ?? ""} onInput=${(/** @type {string} */ basis) => set({ legal_basis: basis || null })} problems=${problems} optional=${true} />
        </${Section}>
      </fieldset>
      ${!why && html`<div class="save-bar">
        <${Button} type="submit" kind="primary" busy=${busy === "save"}>${t("action.save")}</${Button}>
        <${Button} busy=${busy === "check"} onClick=${check}>${t("form.check")}</${Button}>
        <${Button} kind="plain" onClick=${() => go(isNew ? "exports" : at`exports/${first.name}`)}>${t("action.cancel")}</${Button}>
        <span class="soft">${t("form.save_never_runs")}</span>
      </div>`}
    </form>`;
}

/**
 * Columns with types and samples; their names alone until these are there.
 * @param {Api.Export} doc
 * @param {Api.SegmentList | null} segments
 * @returns {Api.ColumnDetail[]}
 */
function useColumns({ source, segments: chosen }, segments) {
  const first = chosen[0]?.name ?? "";
  const item = segments?.items.find((each) => each.name === first);
  const detail = useResource(item ? segmentPath(first, source) : null);
  const found = /** @type {Api.SegmentDetail | null} */ (detail.data);
  return found?.columns ?? (item?.columns ?? []).map((name) => ({ name, type: "", blank_share: 0, samples: [] }));
}

/**
 * What can't even be asked about yet.
 * @param {Api.Export} doc
 * @returns {Problem[]}
 */
function missingOf(doc) {
  const missing = (/** @type {string} */ field) => ({ field, code: "missing", message: "" });
  return [
    ...(doc.display_name.trim() ? [] : [missing("display_name")]),
    ...(doc.name ? [] : [missing("name")]),
    ...(doc.connection ? [] : [missing("connection")]),
    ...(doc.audience_id ? [] : [missing("audience_id")]),
    ...(doc.source.folder ? [] : [missing("source.folder")]),
    ...(doc.segments.length ? [] : [missing("segments")]),
    ...(doc.email_field ? [] : [missing("email_field")]),
  ];
}

/**
 * Without what only the form needs; what the app adds may stay, it is ignored.
 * @param {Api.Export} doc
 */
function sent(doc) {
  const { source, schedule, ...rest } = doc;
  const { cron, time_zone, after, ...kept } = schedule;
  return {
    ...rest,
    source: source.container ? source : { folder: source.folder },
    schedule: { ...kept, ...(schedule.kind === "cron" && { cron, time_zone }), ...(schedule.kind === "after" && { after }) },
  };
}
