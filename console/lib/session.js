// Who is signed in, and signing in: by a typed key, or with Microsoft Entra.
import { ApiError, credentials, get } from "./api.js";
import { awaitWindow } from "./windows.js";
import { store } from "./store.js";

const KEPT_KEY = "key";
/** @type {Record<string, number>} */
const RANKS = { viewer: 1, contributor: 2, administrator: 3 };

export const mode =
  document.querySelector('meta[name="auth"]')?.getAttribute("content") === "entra" ? "entra" : "keys";

/** Null while nobody is signed in. */
export const me = store(/** @type {Api.Me | null} */ (null));
/** `again`: the session has ended in the middle of work, which stays as it is below a dialog. */
export const phase = store(/** @type {"starting" | "out" | "in" | "again" | "failed"} */ ("starting"));
/** Why the first question failed. */
export const failure = store(/** @type {ApiError | null} */ (null));

/** @type {((signedIn: boolean) => void)[]} */
let waiting = [];

/** Sign in with what the browser has already: a cookie, or a key that was to be kept. */
export async function startSession() {
  credentials.onSignedOut = onSignedOut;
  credentials.key = mode === "keys" ? keptKey() : "";
  if (mode === "keys" && !credentials.key) return phase.set("out");
  phase.set("starting");
  try {
    await enter();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return phase.set("out");
    failure.set(error);
    phase.set("failed");
  }
}

/**
 * Raises ApiError, 401 for a wrong key.
 * @param {string} key
 * @param {boolean} keep in this tab, until it is closed
 */
export async function signInWithKey(key, keep) {
  const before = credentials.key;
  credentials.key = key;
  try {
    await enter();
  } catch (error) {
    credentials.key = before;
    throw error;
  }
  if (keep) sessionStorage.setItem(KEPT_KEY, key);
}

/** Sign in again in a window of its own, so that nothing typed is lost. */
export async function signInAgainWithEntra() {
  open("/.auth/login/aad?post_login_redirect_uri=/console/signed-in", "_blank", "popup,width=520,height=680");
  await awaitWindow(async () => {
    try {
      await enter();
      return true;
    } catch {
      return false;
    }
  });
}

/** Leave for the sign-in page and come back to this one. */
export function signInWithEntra() {
  const back = encodeURIComponent(location.pathname);
  location.assign(`/.auth/login/aad?post_login_redirect_uri=${back}`);
}

export function signOut() {
  sessionStorage.removeItem(KEPT_KEY);
  credentials.key = "";
  me.set(null);
  if (mode === "entra") location.assign("/.auth/logout?post_logout_redirect_uri=/console/");
  else phase.set("out");
}

/** Give up signing in again: what waits for it fails. */
export function staySignedOut() {
  phase.set("out");
  me.set(null);
  settle(false);
}

/**
 * Whether the caller has at least this role.
 * @param {"viewer" | "contributor" | "administrator"} role
 */
export const may = (role) => (RANKS[me.get()?.role ?? ""] ?? 0) >= (RANKS[role] ?? 9);

async function enter() {
  me.set(await whoAmI());
  phase.set("in");
  settle(true);
}

/**
 * Who is signed in. Where the app is in trouble it can't tell; people still get in, to see why.
 * @returns {Promise<Api.Me>}
 */
async function whoAmI() {
  try {
    const found = /** @type {Api.Me} */ (await get("me", { plain: true }));
    return mode === "keys" ? ((await administrator()) ?? found) : found;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status < 500) throw error;
    return { name: "", role: "viewer", auth: mode, version: "", downloads: "parts" };
  }
}

/** The host refuses a lesser key here: that is no sign-out. */
async function administrator() {
  try {
    return /** @type {Api.Me} */ (await get("me/administrator", { plain: true }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** @returns {Promise<boolean>} whether the call is worth repeating */
async function onSignedOut() {
  if (phase.get() !== "in" && phase.get() !== "again") return false;
  if (mode === "keys" && (await keyStillOpens())) return false;
  phase.set("again");
  return new Promise((resolve) => waiting.push(resolve));
}

async function keyStillOpens() {
  try {
    await get("me", { plain: true });
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.status === 401);
  }
}

/** @param {boolean} signedIn */
function settle(signedIn) {
  const told = waiting;
  waiting = [];
  for (const resolve of told) resolve(signedIn);
}

function keptKey() {
  try {
    return sessionStorage.getItem(KEPT_KEY) ?? "";
  } catch {
    return "";
  }
}
