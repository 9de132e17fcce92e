// Starts the console: language, session, and the page that the path names.
import { html, render, useEffect, useErrorBoundary, useLayoutEffect, useState } from "./vendor/preact.js";
import { format, language, startLanguage, t } from "./lib/i18n.js";
import { guard, here, startRouter } from "./lib/router.js";
import { me, phase, startSession } from "./lib/session.js";
import { useStore } from "./lib/store.js";
import { remark } from "./lib/told.js";
import { Button, Loading, Notice } from "./parts/basics.js";
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
  const { title, load, props } = pageOf(path, query);
  const [loaded, setLoaded] = useState(/** @type {{ path: string, view: unknown } | null} */ (null));
  useLayoutEffect(() => {
    guard.mayLeave = null;
    remark.set(null);
    document.title = `${title} – ${t("product")}`;
  }, [path, title]);
  useEffect(() => {
    let wanted = true;
    load().then(
      (view) => wanted && setLoaded({ path, view }),
      () => wanted && setLoaded({ path, view: Outdated }),
    );
    return () => {
      wanted = false;
    };
  }, [path]);
  const ready = loaded?.path === path;
  useEffect(() => {
    if (!ready) return;
    if (shownPath !== undefined && shownPath !== path) {
      scrollTo(0, 0);
      document.querySelector("h1")?.focus({ preventScroll: true });
    }
    shownPath = path;
  }, [path, ready]);
  return ready ? html`<${Boundary} key=${path}><${loaded.view} ...${props} /></${Boundary}>` : html`<${Loading} />`;
}

/** The app was deployed anew: this page's files have gone, or can't be reached. */
function Outdated() {
  return html`<${Notice} tone="warn" title=${t("state.outdated")} actions=${html`<${Button} onClick=${() => location.reload()}>${t("state.reload")}</${Button}>`} />`;
}

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
