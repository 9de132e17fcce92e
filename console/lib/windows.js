// Windows in which somebody signs in, and how this one hears that it is done.

const CHANNEL = "segment-export";
const LOOK_EVERY = 2000;
/** A sign-in of Mailchimp is good for a quarter of an hour. */
const PATIENCE = 15 * 60_000;

/** @typedef {{ result: string }} Told */

/**
 * Ask `done` whenever the other window tells something, and every two seconds; ends when it is, or
 * after a quarter of an hour. The window's handle says nothing: the policy cuts it.
 * @param {() => Promise<boolean>} done
 * @param {{ onTold?: (told: Told) => void, signal?: AbortSignal }} [how]
 * @returns {Promise<boolean>}
 */
export function awaitWindow(done, { onTold, signal } = {}) {
  return new Promise((resolve) => {
    const began = Date.now();
    const channel = new BroadcastChannel(CHANNEL);
    let looking = false;
    const end = (/** @type {boolean} */ well) => {
      clearInterval(timer);
      channel.close();
      resolve(well);
    };
    const look = async () => {
      if (looking) return;
      looking = true;
      try {
        if (await done()) end(true);
        else if (Date.now() - began > PATIENCE) end(false);
      } finally {
        looking = false;
      }
    };
    const timer = setInterval(look, LOOK_EVERY);
    channel.onmessage = (event) => {
      onTold?.(/** @type {Told} */ (event.data));
      void look();
    };
    signal?.addEventListener("abort", () => end(false));
  });
}

/** @param {Told} told */
export function tellOpener(told) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(told);
  channel.close();
}
