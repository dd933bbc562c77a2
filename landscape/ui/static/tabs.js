/* One session for each tab. Browsers copy what a tab remembers into its duplicate, which must begin a session of its own.
   Each tab holds a lock named after its session as long as it shows it, so a duplicate finds it taken, and a page that is
   reloaded free. Pages of plain http from another computer have no locks: there the tabs ask each other, and of two that
   have the same session the elder keeps it. */
export function openTab() {
  const NAME = "landscape-session";
  const LOCK_WAIT = 3000; /* a page that is reloaded may let go a moment later */
  const ANSWER_WAIT = 1000; /* begins before the page is built; who answers later is heard as well */
  const locks = navigator.locks;
  const channel = !locks && "BroadcastChannel" in window ? new BroadcastChannel(NAME) : null;
  const age = Date.now() + "-" + crypto.getRandomValues(new Uint32Array(1))[0];
  let name = remembered();
  let settled = false;

  function remembered() {
    try {
      return sessionStorage.getItem(NAME) || "";
    } catch {
      return ""; /* storage may be forbidden */
    }
  }

  function remember(next) {
    name = next;
    try {
      next ? sessionStorage.setItem(NAME, next) : sessionStorage.removeItem(NAME);
    } catch {
      /* storage may be forbidden */
    }
  }

  /* Whether the lock of a session is this tab's from now on. */
  const lock = (session) =>
    new Promise((resolve) => {
      const keep = () => {
        resolve(true);
        return new Promise(() => {}); /* until the page goes */
      };
      locks.request(NAME + " " + session, { signal: AbortSignal.timeout(LOCK_WAIT) }, keep).catch(() => resolve(false));
    });

  const ask = () =>
    new Promise((resolve) => {
      const lose = () => {
        remember("");
        settled ? location.reload() : resolve(false);
      };
      channel.onmessage = ({ data }) => {
        if (!name || data.name !== name) return;
        if (data.to ? data.to === age : data.age < age) lose();
        else if (data.age) channel.postMessage({ name, to: data.age });
      };
      if (name) channel.postMessage({ name, age });
      setTimeout(() => resolve(true), name ? ANSWER_WAIT : 0);
    });

  async function begin() {
    const asked = channel ? ask() : true;
    const alone = locks && name ? await lock(name) : await asked;
    settled = true;
    if (!alone) remember("");
    return name;
  }

  /* The session that the app has given this tab. */
  function hold(next) {
    if (locks && next !== name) lock(next);
    remember(next);
  }

  return { session: begin(), hold };
}

/* What the browser remembers, for the page's first event: the session of this tab and the last settings. */
export async function remembered(page) {
  const read = (store, name) => {
    try {
      return store.getItem(name) || "";
    } catch {
      return ""; /* storage may be forbidden */
    }
  };
  const own = read(sessionStorage, "landscape-settings");
  return [await page.tab.session, own || read(localStorage, "landscape-settings")];
}
