/* The visitor's clips. They live on the server: the list is asked for again and again, so that a page that was reloaded
   or lost its connection finds them where they are. The session's name is that of the live line, see hub.js. */
export function clips(page, { element }) {
  const list = element.querySelector(".clips ol");
  const note = element.querySelector(".clips-note");
  const player = element.querySelector(".player");
  const entries = new Map();
  const BUSY = 700;
  const IDLE = 5000;
  const DONE_LABELS = { gif: "GIF", png: "ZIP" };
  let timer = 0;
  let asking = false;

  const address = page.address;
  const session = () => page.session;

  function make(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  }

  function size(bytes) {
    return bytes < 1e6 ? Math.max(1, Math.round(bytes / 1e3)) + " kB" : (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0) + " MB";
  }

  function time(seconds) {
    if (seconds == null) return "";
    if (seconds < 5) return "a few seconds left";
    if (seconds < 90) return "about " + 5 * Math.ceil(seconds / 5) + " s left";
    return "about " + Math.ceil(seconds / 60) + " min left";
  }

  async function act(id, action) {
    await ask("clips/" + id + "/" + action, "POST").catch(() => null);
    look();
  }

  function button(text, action, hint) {
    const node = make("button", "", text);
    node.type = "button";
    node.title = hint;
    node.addEventListener("click", action);
    return node;
  }

  function link(text, path, hint) {
    const node = make("a", "", text);
    node.href = address("file/" + path) + "?download";
    node.download = "";
    node.title = hint;
    return node;
  }

  function play(clip) {
    const video = player.querySelector("video");
    const picture = player.querySelector("img");
    const moving = clip.kind !== "gif";
    video.hidden = !moving;
    picture.hidden = moving;
    (moving ? video : picture).src = address("file/" + clip.file);
    player.showModal();
    if (moving) video.play().catch(() => null);
  }

  player.addEventListener("close", () => {
    player.querySelector("video").removeAttribute("src");
    player.querySelector("video").load();
    player.querySelector("img").removeAttribute("src");
  });
  player.addEventListener("click", (event) => {
    if (event.target === player) player.close();
  });

  /* What has buttons is built once for each state: a button must not vanish under the pointer. */
  function build(clip) {
    const item = make("li", "clip");
    item.dataset.id = clip.id;
    item.dataset.state = clip.state;
    const picture = make("img");
    picture.src = clip.picture;
    picture.alt = "";
    const text = make("div", "clip-text");
    text.append(make("b", "", clip.title));
    const facts = [clip.format, clip.side + " px", Number(clip.seconds.toFixed(1)) + " s"];
    if (clip.bytes) facts.push(size(clip.bytes));
    if (clip.whole === false) facts.push("ended early");
    text.append(make("span", "clip-facts", facts.join(" · ")));
    text.append(make("span", "clip-stage"));
    const bar = make("div", "clip-bar");
    bar.append(make("i"));
    const moves = make("div", "clip-moves");
    if (clip.state === "waiting" || clip.state === "running") {
      text.append(bar);
      moves.append(button("Cancel", () => act(clip.id, "stop"), "Stop; nothing is kept"));
      const keep = button("Keep what is done", () => act(clip.id, "keep"), "End the clip here");
      keep.className = "clip-keep";
      moves.append(keep);
    } else {
      if (clip.file) {
        if (clip.kind !== "png") moves.append(button("Play", () => play(clip), "Watch it here"));
        moves.append(link("Download " + (DONE_LABELS[clip.kind] || "video"), clip.file, "Save the file"));
        moves.append(link("Settings", clip.recipe, "Save its settings: drop them onto the app to use them again"));
      }
      moves.append(button("Remove", () => act(clip.id, "remove"), "Delete it from this computer"));
    }
    text.append(moves);
    item.append(picture, text);
    return item;
  }

  function update(item, clip) {
    const stage = item.querySelector(".clip-stage");
    if (clip.state === "failed") stage.textContent = clip.error;
    if (clip.state === "stopped") stage.textContent = "Stopped.";
    if (clip.state !== "waiting" && clip.state !== "running") return;
    const words = [clip.stage[0].toUpperCase() + clip.stage.slice(1), time(clip.left)];
    stage.textContent = words.filter(Boolean).join(" · ");
    const bar = item.querySelector(".clip-bar");
    bar.classList.toggle("unknown", clip.state === "running" && clip.fraction == null);
    bar.firstChild.style.width = clip.fraction == null ? "" : 100 * clip.fraction + "%";
    item.querySelector(".clip-keep").hidden = !clip.can_keep;
  }

  function show(clips) {
    const seen = new Set(clips.map((clip) => clip.id));
    for (const [id, entry] of entries) {
      if (!seen.has(id)) {
        entry.item.remove();
        entries.delete(id);
      }
    }
    clips.forEach((clip, index) => {
      let entry = entries.get(clip.id);
      if (!entry || entry.state !== clip.state) {
        const item = build(clip);
        if (entry) entry.item.replaceWith(item);
        entry = { item, state: clip.state };
        entries.set(clip.id, entry);
      }
      if (list.children[index] !== entry.item) list.insertBefore(entry.item, list.children[index] || null);
      update(entry.item, clip);
    });
    note.hidden = !clips.length;
    return clips.some((clip) => clip.state === "waiting" || clip.state === "running");
  }

  async function ask(path, method) {
    const answer = await fetch(address(path), { method, headers: { "X-Landscape-Session": session() } });
    return answer.ok ? answer.json() : null;
  }

  async function look() {
    clearTimeout(timer);
    if (!element.isConnected || asking) return;
    asking = true;
    let busy = false;
    try {
      const clips = session() ? await ask("clips", "GET") : null;
      if (clips) busy = show(clips);
    } catch {
      busy = true; /* the connection is lost: try again soon */
    }
    asking = false;
    timer = setTimeout(look, busy ? BUSY : IDLE);
  }

  document.addEventListener("landscape-clips", look);
  document.addEventListener("visibilitychange", () => document.hidden || look());
  look();
}
