// Starts the console: language, session, and the page that the path names.
import { html, render, useEffect, useErrorBoundary, useLayoutEffect } from "./vendor/preact.js";
import { format, language, startLanguage, t } from "./lib/i18n.js";
import { guard, here, startRouter } from "./lib/router.js";
import { me, phase, startSession } from "./lib/session.js";
import { useStore } from "./lib/store.js";
import { Button, Notice } from "./parts/basics.js";
import { Shell } from "./parts/shell.js";
import { NoRole, SignInAgain, SignInPage } from "./parts/signin.js";
import { pageOf } from "./pages/index.js";
import { SignedIn } from "./pages/signed-in.js";

function App() {
  const { path, query } = useStore(here);
  const now = useStore(phase);
  const who = useStore(me);
  // Drawn anew in full when the language or the formats change.
  const key = `${useStore(language)} ${useStore(format)}`;
  if (path === "signed-in") return html`<${SignedIn} key=${key} result=${query.get("result") ?? "ok"} />`;
  const inside = (now === "in" || now === "again") && who;
  return html`<${Shell} key=${key}>
    ${!inside ? html`<${SignInPage} />` : who.role ? html`<${Page} path=${path} query=${query} />` : html`<${NoRole} />`}
    <${SignInAgain} />
  </${Shell}>`;
}

/** @param {{ path: string, query: URLSearchParams }} props */
function Page({ path, query }) {
  const { title, view } = pageOf(path, query);
  useLayoutEffect(() => {
    guard.mayLeave = null;
    document.title = `${title} – ${t("product")}`;
  }, [path, title]);
  useEffect(() => {
    if (Page.shown !== undefined && Page.shown !== path) {
      scrollTo(0, 0);
      document.querySelector("h1")?.focus({ preventScroll: true });
    }
    Page.shown = path;
  }, [path]);
  return html`<${Boundary} key=${path}>${view}</${Boundary}>`;
}
/** @type {string | undefined} the path shown last: a first page takes no focus */
Page.shown = undefined;

/** @param {{ children: unknown }} props a fault of a page's own code is said, and the rest goes on */
function Boundary({ children }) {
  const [error, reset] = useErrorBoundary((problem) => console.error(problem));
  if (!error) return children;
  return html`<${Notice} tone="bad" title=${t("state.broken")} actions=${html`<${Button} onClick=${reset}>${t("action.retry")}</${Button}>`}>
    <p>${t("state.broken_text")}</p></${Notice}>`;
}

const root = document.getElementById("app");
await startLanguage();
startRouter();
if (root) render(html`<${App} />`, root);
if (here.get().path !== "signed-in") await startSession();
