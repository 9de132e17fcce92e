// What can be done with an export, from its row in the list and from its own page.
import { html, useState } from "../vendor/preact.js";
import { ApiError, ask, at, get } from "../lib/api.js";
import { problemText, textOf } from "../lib/codes.js";
import { t } from "../lib/i18n.js";
import { useResource } from "../lib/resource.js";
import { go } from "../lib/router.js";
import { may } from "../lib/session.js";
import { Button } from "../parts/basics.js";
import { Confirm } from "../parts/dialog.js";
import { Text } from "../parts/form.js";
import { complain, say } from "../lib/told.js";

/**
 * Null where the caller may; else why not, in words.
 * @param {Api.Export} item
 * @param {"edit" | "run" | "see_persons"} what
 */
export function mayOf(item, what) {
  const said = item.may?.[what];
  if (said === true) return null;
  if (typeof said === "string") return textOf("why", { code: said });
  if (!may("contributor")) return t("why.contributor");
  return what === "run" && !item.connection ? t("why.connection_missing") : null;
}

/** @typedef {"run" | "duplicate" | "detach" | "remove"} Asked */

/**
 * The dialogs of an export's actions, and what opens them.
 * @param {() => unknown} onDone
 * @param {() => unknown} [onGone]
 */
export function useExportActions(onDone, onGone = onDone) {
  const [asked, setAsked] = useState(/** @type {{ what: Asked, item: Api.Export } | null} */ (null));
  const close = () => setAsked(null);
  const open = (/** @type {Asked} */ what, /** @type {Api.Export} */ item) => setAsked({ what, item });
  const Chosen = asked && { run: RunDialog, duplicate: DuplicateDialog, detach: DetachDialog, remove: RemoveDialog }[asked.what];
  const dialog = asked && html`<${Chosen} item=${asked.item} onDone=${asked.what === "remove" ? onGone : onDone} onClose=${close} />`;
  return { open, dialog, onDone };
}

/** @param {{ item: Api.Export, actions: ReturnType<typeof useExportActions> }} props */
export function ExportMenu({ item, actions }) {
  const edit = mayOf(item, "edit");
  const run = item.active_run ? t("why.running") : mayOf(item, "run");
  const press = (/** @type {() => unknown} */ then) => (/** @type {any} */ event) => {
    event?.target?.closest?.("details")?.removeAttribute("open");
    return then();
  };
  const entry = (/** @type {string} */ icon, /** @type {string} */ text, /** @type {() => unknown} */ then, /** @type {string | null} */ why = null) =>
    html`<${Button} icon=${icon} why=${why} onClick=${press(then)}>${text}</${Button}>`;
  return html`<div class="actions">
    <${Button} small icon="play" why=${run} onClick=${() => actions.open("run", item)}
      label=${t("exports.run_name", { name: item.display_name })}>${t("action.run")}</${Button}>
    <details class="menu" onKeyDown=${closeOnEscape} onFocusOut=${closeOnLeave}>
      <summary class="button small" aria-label=${t("exports.more", { name: item.display_name })}>${t("action.more")}</summary>
      <div>
        ${entry("eye", t("action.preview"), () => startPreview(item.name), run)}
        ${entry("pencil", t(edit ? "action.view" : "action.edit"), () => go(at`exports/${item.name}/edit`))}
        ${entry("clock", t(item.schedule.active ? "schedule.turn_off" : "schedule.turn_on"), () => setSchedule(item.name, !item.schedule.active, actions.onDone),
          edit ?? (item.schedule.kind === "none" ? t("why.no_schedule") : null))}
        ${entry("copy", t("action.duplicate"), () => actions.open("duplicate", item), edit)}
        ${entry("unlink", t("action.detach"), () => actions.open("detach", item), edit ?? (item.connection ? null : t("exports.detached")))}
        ${entry("trash", t("action.remove"), () => actions.open("remove", item), edit)}
      </div>
    </details>
  </div>`;
}

/** @param {any} event */
function closeOnEscape(event) {
  if (event.key !== "Escape") return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector("summary").focus();
}

/** @param {any} event */
function closeOnLeave(event) {
  if (event.relatedTarget && !event.currentTarget.contains(event.relatedTarget)) event.currentTarget.open = false;
}

/** @param {string} name */
export async function startPreview(name) {
  await startRun(name, { preview: true });
}

/**
 * Start a run and show it; where one is active already, that one. What else is wrong is read out.
 * @param {string} name
 * @param {Record<string, unknown>} options
 */
export async function startRun(name, options) {
  try {
    const { data } = /** @type {{ data: Api.Run }} */ (await ask("POST", at`exports/${name}/runs`, { body: options }));
    go(at`runs/${data.id}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.problem.run) return go(at`runs/${error.problem.run.id}`);
    complain(problemText(error));
  }
}

/**
 * @param {string} name
 * @param {boolean} active
 * @param {() => unknown} onDone
 */
async function setSchedule(name, active, onDone) {
  try {
    const item = /** @type {Api.Export} */ (await get(at`exports/${name}`));
    await ask("PUT", at`exports/${name}`, { body: { ...item, schedule: { ...item.schedule, active } } });
    say(t(active ? "schedule.now_on" : "schedule.now_off"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    complain(problemText(error));
  }
  return onDone();
}

/** @typedef {{ item: Api.Export, onDone: () => unknown, onClose: () => void }} Props */

/** What is asked for by each kind of run that is no ordinary one; at most one of them. */
export const RUN_KINDS = { "": {}, full: { full: true }, only: { only: "failed" }, repair: { repair: true } };

/** @typedef {keyof typeof RUN_KINDS} RunKind */

/** @param {Api.Run["counts"] | null | undefined} counts */
export function isUndelivered(counts) {
  return !!counts && counts.rejected + counts.failed > 0;
}

/**
 * @param {Exclude<RunKind, "">} kind
 * @param {[RunKind, (kind: RunKind) => void]} state
 */
export function kindBox(kind, [chosen, choose]) {
  return html`<label class="check"><input type="checkbox" checked=${chosen === kind} onChange=${() => choose(chosen === kind ? "" : kind)} />
    <span>${t(`run.${kind}`)}<span class="hint">${t(`run.${kind}_hint`)}</span></span></label>`;
}

/** @param {Props} props */
function RunDialog({ item, onClose }) {
  const chosen = useState(/** @type {RunKind} */ (""));
  // Where it was never verified there is none.
  const proof = /** @type {Api.Proof | null} */ (useResource(at`exports/${item.name}/verification`).data);
  const last = item.last_run;
  const repairs = proof?.status === "succeeded" && proof.run === last?.id && proof.differing.some((one) => one.repairable);
  const confirm = async () => {
    try {
      const { data } = /** @type {{ data: Api.Run }} */ (await ask("POST", at`exports/${item.name}/runs`, { body: RUN_KINDS[chosen[0]] }));
      say(t("run.started"));
      go(at`runs/${data.id}`);
    } catch (error) {
      if (!(error instanceof ApiError) || !error.problem.run) throw error;
      go(at`runs/${error.problem.run.id}`);
    }
  };
  return html`<${Confirm} title=${t("run.start_title", { name: item.display_name })} action=${t("action.run")} onConfirm=${confirm} onClose=${onClose}>
    <p>${t("run.start_text", { audience: item.audience_name || item.audience_id })}</p>
    ${isUndelivered(last?.counts) && kindBox("only", chosen)}
    ${repairs && kindBox("repair", chosen)}
    <details class="more"><summary>${t("form.more")}</summary>${kindBox("full", chosen)}</details>
  </${Confirm}>`;
}

/** @param {Props} props */
function DuplicateDialog({ item, onClose }) {
  const [name, setName] = useState(`${item.name}-2`.slice(0, 63));
  const confirm = async () => {
    await ask("POST", at`exports/${item.name}/duplicate`, { body: { name } });
    say(t("exports.duplicated"));
    go(at`exports/${name}/edit`);
  };
  return html`<${Confirm} title=${t("exports.duplicate_title", { name: item.display_name })} action=${t("action.duplicate")} onConfirm=${confirm} onClose=${onClose}>
    <p>${t("exports.duplicate_text")}</p>
    <${Text} field="name" label=${t("field.name")} hint=${t("field.name.hint")} value=${name} onInput=${setName} code=${true} />
  </${Confirm}>`;
}

/** @param {Props} props */
function DetachDialog({ item, onDone, onClose }) {
  const confirm = async () => {
    await ask("POST", at`exports/${item.name}/detach`);
    say(t("exports.now_detached"));
    await onDone();
  };
  return html`<${Confirm} title=${t("exports.detach_title", { name: item.display_name })} action=${t("action.detach")} onConfirm=${confirm} onClose=${onClose}>
    <p>${t("exports.detach_text", { count: item.contacts ?? 0 })}</p>
  </${Confirm}>`;
}

/** @param {Props} props */
function RemoveDialog({ item, onDone, onClose }) {
  const confirm = async () => {
    await ask("DELETE", at`exports/${item.name}`);
    say(t("exports.removed"));
    await onDone();
  };
  return html`<${Confirm} title=${t("exports.remove_title", { name: item.display_name })} action=${t("action.remove")} danger=${true} typed=${item.name}
    onConfirm=${confirm} onClose=${onClose}>
    <p>${t("exports.remove_text", { count: item.contacts ?? 0 })}</p>
    ${item.active_run && html`<p>${t("exports.remove_cancels")}</p>`}
  </${Confirm}>`;
}

/** @param {{ onDone: () => unknown }} props */
export function RunAll({ onDone }) {
  const [open, setOpen] = useState(false);
  const confirm = async () => {
    const { data } = /** @type {{ data: Api.RunList }} */ (await ask("POST", "runs"));
    say(t("exports.all_started", { count: data.items.length }));
    await onDone();
  };
  return html`<${Button} why=${may("contributor") ? null : t("why.contributor")} onClick=${() => setOpen(true)}>${t("action.run_all")}</${Button}>
    ${open && html`<${Confirm} title=${t("action.run_all")} action=${t("action.run_all")} onConfirm=${confirm} onClose=${() => setOpen(false)}>
      <p>${t("exports.run_all_text")}</p></${Confirm}>`}`;
}
