// Starts the console: language, session, and the page that the path names.
import { html, render, useEffect, useErrorBoundary, useLayoutEffect } from "./vendor/preact.js";
import { format, language, startLanguage, t } from "./lib/i18n.js";
import { guard, here, startRouter } from "./lib/router.js";
import { me, phase, startSession } from "./lib/session.js";
import { useStore } from "./lib/store.js";
import { remark } from "./lib/told.js";
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

/** @type {string | undefined} the path shown last: a first page takes no focus */
let shownPath;

/** @param {{ path: string, query: URLSearchParams }} props */
function Page({ path, query }) {
  const { title, view, props } = pageOf(path, query);
  useLayoutEffect(() => {
    guard.mayLeave = null;
    remark.set(null);
    document.title = `${title} – ${t("product")}`;
  }, [path, title]);
  useEffect(() => {
    if (shownPath !== undefined && shownPath !== path) {
      scrollTo(0, 0);
      document.querySelector("h1")?.focus({ preventScroll: true });
    }
    shownPath = path;
  }, [path]);
  return html`<${Boundary} key=${path}><${view} ...${props} /></${Boundary}>`;
}

/** @param {{ children: unknown }} props a fault of a page's own code is said, and the rest goes on */
function Boundary({ children }) {
  const [error, reset] = useErrorBoundary((problem) => console.error(problem));
  if (!error) return children;
  return html`<${Notice} tone="bad" title=${t("state.broken")} actions=${html`<${Button} onClick=${reset}>${t("action.retry")}</${Button}>`}>
    <p>${t("state.broken_text")}</p></${Notice}>`;
}

/** On the page of the app's own that Mailchimp's sign-in ends on, there is nothing but that result. */
const result = document.querySelector('meta[name="result"]')?.getAttribute("content");
const root = document.createElement("div");
if (result) {
  const href = new URL("style.css", import.meta.url).href;
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href }));
}
await startLanguage();
document.body.replaceChildren(root);
if (result) {
  render(html`<${SignedIn} result=${result} />`, root);
} else {
  startRouter();
  render(html`<${App} />`, root);
  if (here.get().path !== "signed-in") await startSession();
}
