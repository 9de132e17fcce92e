// Native dialogs: they trap focus, close by Escape and give focus back by themselves.
import { html, useEffect, useRef, useState } from "../vendor/preact.js";
import { ApiError } from "../lib/api.js";
import { t } from "../lib/i18n.js";
import { Button, Failure } from "./basics.js";

/** @typedef {import("../vendor/preact.js").Child} Child */

/** @param {{ title: string, children?: Child, onClose: () => void, fixed?: boolean }} props fixed: Escape does not close it */
export function Dialog({ title, children, onClose, fixed }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    const opener = document.activeElement;
    const shown = ref.current;
    shown?.showModal();
    return () => {
      // While it is open, what lies below can't take the focus.
      shown?.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  const cancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!fixed) onClose();
  };
  return html`<dialog ref=${ref} onCancel=${cancel} aria-labelledby="dialog-title">
    <h2 id="dialog-title">${title}</h2>
    ${children}
  </dialog>`;
}

/**
 * Asks before something is done, in numbers and words; where it can't be undone, for the name.
 * @param {{ title: string, children?: Child, action: string, danger?: boolean, typed?: string,
 *   onConfirm: () => Promise<unknown>, onClose: () => void }} props typed: what has to be typed
 */
export function Confirm({ title, children, action, danger, typed, onConfirm, onClose }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(/** @type {ApiError | null} */ (null));
  const confirm = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy || (typed && text !== typed)) return;
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form onSubmit=${confirm}>
      ${children}
      ${typed && html`<label class="field"><span class="label">${t("confirm.type_name", { name: typed })}</span>
        <input value=${text} autocomplete="off" spellcheck="false" onInput=${(/** @type {any} */ e) => setText(e.target.value)} /></label>`}
      ${error && html`<${Failure} error=${error} />`}
      <div class="actions end">
        <${Button} onClick=${onClose}>${t("action.not_now")}</${Button}>
        <${Button} type="submit" kind=${danger ? "danger" : "primary"} busy=${busy}
          why=${typed && text !== typed ? t("confirm.name_first") : null}>${action}</${Button}>
      </div>
    </form>
  </${Dialog}>`;
}
