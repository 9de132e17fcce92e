// The script of the page that Mailchimp's sign-in ends on: the same as /console/signed-in shows.
import { html, render } from "./vendor/preact.js";
import { startLanguage } from "./lib/i18n.js";
import { SignedIn } from "./pages/signed-in.js";

const result = document.querySelector('meta[name="result"]')?.getAttribute("content") ?? "ok";
const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL("style.css", import.meta.url).href });
document.head.append(style);
await startLanguage();
const root = document.createElement("div");
document.body.replaceChildren(root);
render(html`<${SignedIn} result=${result} />`, root);
