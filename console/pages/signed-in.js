// The last page of a sign-in's window: tells the console, and closes itself or says that it may be.
import { html, useEffect } from "../vendor/preact.js";
import { find, t } from "../lib/i18n.js";
import { tellOpener } from "../lib/windows.js";
import { Notice } from "../parts/basics.js";

/** @param {{ result: string }} props */
export function SignedIn({ result }) {
  useEffect(() => {
    tellOpener({ result });
    if (result === "ok") close();
  }, [result]);
  const text = find(`signed_in.${result}`) ?? t("signed_in.unavailable");
  document.title = `${t("product")}`;
  return html`<main class="narrow alone"><h1>${t("product")}</h1>
    <${Notice} tone=${result === "ok" ? "good" : "bad"}><p>${text}</p><p>${t("signed_in.close")}</p></${Notice}></main>`;
}
