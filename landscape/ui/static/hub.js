/* The page's line to the app: one WebSocket for moving pictures, wishes and strokes. Parts of the page listen with
   `page.on(kind, listener)` and speak with `page.send(kind, values)`. */
export function openPage(facts) {
  const MOMENT = 16;
  const AHEAD = 1500;
  const HURRIED = facts.sliders.map((name) => "#" + name).join();
  const ahead = new Map();
  const listeners = new Map();
  const latest = new Map();
  const state = { playing: true, side: facts.side, hidden: false };
  let socket = null;
  let session = "";
  let wish = null;
  let wishWaits = false;
  let sentAt = 0;
  let doubt = 0;
  let retry = 500;
  let ended = false;

  function on(kind, listener) {
    if (!listeners.has(kind)) listeners.set(kind, new Set());
    listeners.get(kind).add(listener);
    if (latest.has(kind)) listener(...latest.get(kind));
  }

  function emit(kind, ...values) {
    if (kind !== "frame" && kind !== "card") latest.set(kind, values);
    (listeners.get(kind) || []).forEach((listener) => {
      try {
        listener(...values);
      } catch (error) {
        console.error(error); /* one part of the page that fails takes no other with it */
      }
    });
  }

  /* An address of the app's own; behind a proxy it begins with the proxy's path. */
  function address(path) {
    const root = new URL((window.gradio_config && window.gradio_config.root) || ".", document.baseURI).pathname;
    return new URL(root.replace(/\/*$/, "/landscape/") + path, document.baseURI).href;
  }

  function send(kind, values = {}) {
    if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ kind, ...values }));
  }

  function join(name) {
    if (!name || name === session) return;
    session = name;
    connect();
  }

  function connect() {
    const line = new URL(address("live"));
    line.protocol = line.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(line);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      retry = 500;
      socket.send(session);
      if (wish) send("wish", { values: wish });
      send("view", { side: state.side, hidden: state.hidden });
      send("play", { playing: state.playing });
      emit("line", true);
    };
    socket.onmessage = (event) => {
      if (typeof event.data === "string") {
        const message = JSON.parse(event.data);
        emit(message.kind, message);
        return;
      }
      const length = new DataView(event.data).getUint32(0);
      const header = JSON.parse(new TextDecoder().decode(new Uint8Array(event.data, 4, length)));
      emit(header.kind, header, new Uint8Array(event.data, 4 + length));
    };
    socket.onclose = (event) => {
      emit("line", false);
      if (event.code === facts.ended) {
        ended = true;
        emit("notice", { text: "This page was left alone for too long: reload it and drop the photo again." });
      }
      if (!ended) setTimeout(connect, (retry = Math.min(8000, retry * 1.6)));
    };
  }

  /* Controls say what they are set to at once, as Gradio takes a while to tell: its word on them comes later, and
     until then may be an older one. */
  function hurry(values) {
    if (!wish) return;
    Object.entries(values).forEach(([name, value]) => ahead.set(name, [value, performance.now()]));
    wishNow({ ...wish, ...values });
  }

  function wishFor(names, values) {
    const told = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    for (const [name, [value, since]] of ahead) {
      if (told[name] === value || performance.now() - since > AHEAD) ahead.delete(name);
      else told[name] = value;
    }
    wishNow(told);
    clearTimeout(doubt);
    if (ahead.size) doubt = setTimeout(() => wishFor(names, values), AHEAD + 1);
  }

  /* Sliders move many times between two pictures: only the newest value of each moment goes out. */
  function wishNow(next) {
    const changed = JSON.stringify(next) !== JSON.stringify(wish);
    wish = next;
    if (!changed) return;
    emit("wish", wish);
    if (wishWaits) return;
    const rest = sentAt + MOMENT - performance.now();
    if (rest <= 0) return sendWish();
    wishWaits = true;
    setTimeout(sendWish, rest);
  }

  function sendWish() {
    wishWaits = false;
    sentAt = performance.now();
    send("wish", { values: wish });
  }

  /* A setting that is chosen on the photo, see held.js. */
  function choose(name, value) {
    hurry({ [name]: value });
    emit("choose " + name, value);
  }

  document.addEventListener("input", (event) => {
    const owner = event.target.type === "range" && event.target.closest(HURRIED);
    if (owner) hurry({ [owner.id]: Number(event.target.value) });
  });

  function play(playing) {
    state.playing = playing;
    send("play", { playing });
    emit("playing", playing);
  }

  function view(side, hidden) {
    if (side === state.side && hidden === state.hidden) return;
    Object.assign(state, { side, hidden });
    send("view", { side, hidden });
  }

  /* One panel at a time beside the photo. */
  function panel(name) {
    document.documentElement.dataset.panel = name;
    emit("panel", name);
  }

  function show(name) {
    document.documentElement.dataset.view = name;
    emit("view", name);
  }

  on("photo", () => {
    document.documentElement.dataset.opened = "";
    show("studio");
  });
  document.documentElement.dataset.panel = "motion";
  return { on, emit, send, address, join, wish: wishFor, hurry, choose, facts, play, view, panel, show, state, get wished() { return wish; }, get session() { return session; } };
}
