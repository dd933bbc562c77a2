/* The booth's screen. The server knows who is here (landscape/booth); this shows it, and begins anew when nobody touches
   the screen for a while. */
export function booth({ element }) {
  const booth = element.querySelector(".booth");
  const facts = JSON.parse(booth.dataset.facts);
  const find = (name) => booth.querySelector(name);
  const address = (path) => new URL("landscape/" + path, document.baseURI).href;
  const WARNING = Math.min(10, facts.idle / 3); /* seconds to answer "Still there?" */
  const SCENE_TIME = 9000; /* milliseconds of one attraction */
  let screen = "attract";
  let state = { clips: [], visit: null };
  let touched = Date.now();
  let layer = 0;
  let turn = 0;
  let shownClip = "";

  async function ask(path, method) {
    const answer = await fetch(address(path), { method: method || "GET" });
    return answer.json();
  }

  function go(name) {
    if (screen === name) return;
    screen = name;
    booth.dataset.screen = name;
    if (name !== "show") clear(find(".show-clip"));
    if (name === "attract") attract();
  }

  function clear(video) {
    video.pause();
    video.removeAttribute("src");
    video.load();
    if (video.matches(".show-clip")) shownClip = "";
  }

  /* Attraction: clips of the samples, and the photos while their clips are not made yet; two layers fade into each other. */
  function attract() {
    if (screen !== "attract" || !facts.samples.length) return;
    const name = facts.samples[turn++ % facts.samples.length];
    const next = booth.querySelectorAll(".attract-layer")[(layer = 1 - layer)];
    const video = next.querySelector("video");
    const picture = next.querySelector("img");
    const moving = state.clips.includes(name);
    video.hidden = !moving;
    picture.hidden = moving;
    const ready = () => {
      booth.querySelectorAll(".attract-layer").forEach((one) => one.classList.toggle("front", one === next));
    };
    if (moving) {
      video.onloadeddata = ready;
      video.src = address("booth/clip/" + name + ".mp4");
      video.play().catch(() => null);
    } else {
      clear(video);
      picture.onload = ready;
      picture.src = address("booth/photo/" + name + ".jpg");
    }
  }

  function work(visit) {
    const picture = find(".work-picture");
    if (picture.src !== visit.picture) picture.src = visit.picture;
    find(".work-stage").textContent = visit.stage ? visit.stage[0].toUpperCase() + visit.stage.slice(1) : "";
    find(".work-bar i").style.width = visit.fraction == null ? "0" : 100 * visit.fraction + "%";
    const seconds = visit.left;
    find(".work-left").textContent =
      seconds == null ? "" : seconds < 90 ? "About " + 5 * Math.ceil(seconds / 5) + " seconds" :
      "About " + Math.ceil(seconds / 60) + " minutes";
    go("work");
  }

  function show(visit) {
    const video = find(".show-clip");
    if (shownClip !== visit.clip) {
      shownClip = visit.clip;
      video.src = address("pickup/" + visit.clip + "/landscape.mp4");
      video.play().catch(() => null);
    }
    find(".take").hidden = !visit.code;
    if (visit.code && find(".take-code").src !== visit.code) find(".take-code").src = visit.code;
    find(".take-words").textContent = "Scan to take it with you, for " + visit.minutes + " minutes.";
    booth.querySelectorAll("[data-mood]").forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.mood === visit.mood))
    );
    go("show");
  }

  function sorry(sentence) {
    find(".sorry h2").textContent = sentence;
    go("sorry");
  }

  function update() {
    const visit = state.visit;
    find(".own").hidden = !state.send_code;
    if (state.send_code && find(".send-code").src !== state.send_code) find(".send-code").src = state.send_code;
    if (!visit) {
      if (screen === "work" || screen === "show") go("attract");
      return;
    }
    if (screen === "attract" || screen === "choose") touched = Date.now(); /* a phone has sent a photo */
    if (visit.state === "failed" && !visit.clip) sorry(visit.error);
    else if (visit.clip) show(visit);
    else if (visit.state === "waiting" || visit.state === "running") {
      touched = Date.now(); /* whoever waits need not touch the screen */
      work(visit);
    }
  }

  async function look() {
    if (!element.isConnected) return;
    try {
      state = await ask("booth");
      update();
    } catch {
      /* the app starts anew: try again */
    }
    setTimeout(look, screen === "attract" ? 2000 : 700);
  }

  async function begin(path) {
    touched = Date.now();
    const answer = await ask(path, "POST").catch(() => ({}));
    if (answer.error) sorry(answer.error);
    state = await ask("booth").catch(() => state);
    update();
  }

  async function leave() {
    go("attract");
    state.visit = null;
    try {
      await ask("booth/end", "POST");
      location.reload(); /* days without end: nothing may pile up in the page */
    } catch {
      /* the app starts anew: the loop goes on */
    }
  }

  booth.addEventListener("pointerdown", () => (touched = Date.now()), true);
  document.addEventListener("keydown", () => (touched = Date.now()));
  booth.addEventListener("contextmenu", (event) => event.preventDefault());
  find(".attract").addEventListener("click", () => go("choose"));
  booth.querySelectorAll("[data-sample]").forEach((button) =>
    button.addEventListener("click", () => begin("booth/sample/" + encodeURIComponent(button.dataset.sample)))
  );
  booth.querySelectorAll("[data-mood]").forEach((button) =>
    button.addEventListener("click", () => begin("booth/mood/" + button.dataset.mood))
  );
  booth.querySelectorAll(".leave").forEach((button) => button.addEventListener("click", leave));

  setInterval(() => {
    if (!element.isConnected) return;
    const left = facts.idle - (Date.now() - touched) / 1000;
    const warn = screen !== "attract" && left < WARNING;
    find(".still").classList.toggle("asked", warn);
    find(".still-count").textContent = "Starting anew in " + Math.max(0, Math.ceil(left)) + " s";
    if (screen !== "attract" && left <= 0) {
      touched = Date.now();
      leave();
    }
  }, 250);
  setInterval(attract, SCENE_TIME);
  attract();
  look();
}
