/* The picture in the middle: the photo, the live pictures over it, zoom and pan, split view and full window. */
import { arrows } from "./arrows.js";
import { brush } from "./brush.js";
import { heldWithin } from "./geometry.js";
import { likeness } from "./likeness.js";
import { sun } from "./sun.js";

export function stage(page, { element }) {
  const stage = element.querySelector(".stage");
  const well = stage.querySelector(".stage-well");
  const frame = stage.querySelector(".stage-frame");
  const photo = stage.querySelector(".stage-photo");
  const live = stage.querySelector(".stage-live");
  const pen = live.getContext("2d");
  const former = document.createElement("canvas");
  const FADE = 180;
  const CALM = 400; /* Changes that follow faster, as of a slider, differ little: fading them takes time and blurs. */
  const camera = { zoom: 1, x: 0, y: 0 };
  let picture = null;
  let lit = false;
  let decoding = false;
  let waiting = null;
  let run = -1;
  let fadeFrom = -FADE;
  let jumped = -CALM;
  let split = 0.5;
  const view = { stage, well, frame, place, camera, actions: {}, moving: null }; /* moving: a canvas, opaque where something moves */

  /* Live pictures: the newest wins; each shown one lets the app send another. */
  page.on("frame", (header, bytes) => {
    waiting = [header, bytes];
    if (!decoding) decode();
  });

  async function decode() {
    decoding = true;
    while (waiting) {
      const [header, bytes] = waiting;
      waiting = null;
      try {
        const next = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
        show(header, next);
      } catch (error) {
        console.warn("a picture could not be shown", error);
      }
      page.send("ack");
    }
    decoding = false;
  }

  function show(header, next) {
    if (header.run !== run) {
      const now = performance.now();
      fadeFrom = -FADE;
      if (picture && now - jumped > CALM) {
        former.width = live.width;
        former.height = live.height;
        former.getContext("2d").drawImage(live, 0, 0);
        fadeFrom = now;
      }
      jumped = now;
      run = header.run;
    }
    if (picture) picture.close();
    picture = next;
    lit = header.lit;
    if (live.width !== next.width || live.height !== next.height) {
      live.width = next.width;
      live.height = next.height;
    }
    paint();
    if (!("live" in stage.dataset)) stage.dataset.live = "";
    page.shown = (page.shown || 0) + 1;
    page.last = { ...header, at: performance.now(), width: next.width };
    page.emit("shown", page.last);
  }

  function paint() {
    const part = (performance.now() - fadeFrom) / FADE;
    pen.globalAlpha = 1;
    pen.clearRect(0, 0, live.width, live.height);
    pen.drawImage(picture, 0, 0);
    if (part < 1 && former.width) {
      pen.globalAlpha = 1 - part;
      pen.drawImage(former, 0, 0, live.width, live.height);
      requestAnimationFrame(paint);
    }
    if (!lit && view.moving) {
      /* What stands still is the photo itself, which lies below in all its sharpness. */
      pen.globalAlpha = 1;
      pen.globalCompositeOperation = "destination-in";
      pen.drawImage(view.moving, 0, 0, live.width, live.height);
      pen.globalCompositeOperation = "source-over";
    }
  }

  page.on("photo", (header, bytes) => {
    if (photo.src) URL.revokeObjectURL(photo.src);
    photo.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    photo.alt = header.name;
    stage.dataset.photo = "";
    delete stage.dataset.live;
    picture = null;
    run = -1;
    stage.style.setProperty("--ratio", header.width / header.height);
    stage.style.setProperty("--across", header.width >= header.height ? 1 : header.width / header.height);
    stage.querySelector(".stage-size").textContent = header.width + " × " + header.height;
    look(1);
    measure();
  });

  /* Zoom and pan. */
  function look(zoom, x = 0.5, y = 0.5) {
    const box = well.getBoundingClientRect();
    const own = frame.getBoundingClientRect();
    const next = Math.min(12, Math.max(1, zoom));
    const px = own.left + x * own.width;
    const py = own.top + y * own.height;
    const left = own.left - camera.x;
    const top = own.top - camera.y;
    camera.x = px - left - ((px - own.left) * next) / camera.zoom;
    camera.y = py - top - ((py - own.top) * next) / camera.zoom;
    const width = (own.width / camera.zoom) * next;
    const height = (own.height / camera.zoom) * next;
    camera.zoom = next;
    hold(box, left, top, width, height);
  }

  function hold(box, left, top, width, height) {
    camera.x = camera.zoom === 1 ? 0 : heldWithin(camera.x, left, width, box.left, box.width);
    camera.y = camera.zoom === 1 ? 0 : heldWithin(camera.y, top, height, box.top, box.height);
    frame.style.transform = camera.zoom === 1 ? "" : `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})`;
    stage.style.setProperty("--zoom", camera.zoom);
    stage.querySelector(".stage-zoom").textContent = Math.round(100 * camera.zoom) + " %";
  }

  function pan(dx, dy) {
    const own = frame.getBoundingClientRect();
    const left = own.left - camera.x;
    const top = own.top - camera.y;
    camera.x += dx;
    camera.y += dy;
    hold(well.getBoundingClientRect(), left, top, own.width, own.height);
  }

  function place(event) {
    const own = frame.getBoundingClientRect();
    return [(event.clientX - own.left) / own.width, (event.clientY - own.top) / own.height];
  }

  well.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const [x, y] = place(event);
      look(camera.zoom * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), x, y);
    },
    { passive: false }
  );
  well.addEventListener("contextmenu", (event) => event.preventDefault());
  let grip = null;
  well.addEventListener("pointerdown", (event) => {
    const painting = document.documentElement.dataset.panel === "masks";
    if (event.target.closest(".stage-split, .stage-horizon, .stage-sun")) return;
    if (event.button === 0 && (painting || camera.zoom === 1)) return;
    grip = [event.clientX, event.clientY];
    well.setPointerCapture(event.pointerId);
  });
  well.addEventListener("pointermove", (event) => {
    if (!grip) return;
    pan(event.clientX - grip[0], event.clientY - grip[1]);
    grip = [event.clientX, event.clientY];
  });
  ["pointerup", "pointercancel"].forEach((name) => well.addEventListener(name, () => (grip = null)));

  /* How large the pictures are needed, and whether anyone looks. */
  function measure() {
    const box = frame.getBoundingClientRect();
    const side = Math.round((Math.max(box.width, box.height) / camera.zoom) * (window.devicePixelRatio || 1));
    const hidden = document.hidden || document.documentElement.dataset.view !== "studio";
    page.view(Math.max(256, Math.min(page.facts.side, side || page.facts.side)), hidden);
  }
  new ResizeObserver(() => {
    look(camera.zoom);
    measure();
  }).observe(well);
  document.addEventListener("visibilitychange", measure);
  page.on("view", measure);

  /* Buttons. */
  function setSplit(on) {
    stage.classList.toggle("split", on);
    button("split").setAttribute("aria-pressed", String(on));
  }
  function setFull(on) {
    document.documentElement.classList.toggle("full-window", on);
    button("full").setAttribute("aria-pressed", String(on));
    look(1);
  }
  const button = (name) => stage.querySelector(`[data-do="${name}"]`);
  const actions = {
    play: () => page.play(!page.state.playing),
    split: () => setSplit(!stage.classList.contains("split")),
    full: () => setFull(!document.documentElement.classList.contains("full-window")),
    leave: () => setFull(false),
    in: () => look(camera.zoom * 1.5),
    out: () => look(camera.zoom / 1.5),
    fit: () => look(1),
    rest: () => page.send("fit", { running: stage.dataset.fit === "paused" }),
  };
  stage.addEventListener("click", (event) => {
    const target = event.target.closest("[data-do]");
    if (target) actions[target.dataset.do]();
  });
  page.on("do", (name) => actions[name] && actions[name]());
  page.on("playing", (playing) => {
    stage.classList.toggle("still", !playing);
    button("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  });

  const divider = stage.querySelector(".stage-split");
  function moveSplit(value) {
    split = Math.min(0.98, Math.max(0.02, value));
    stage.style.setProperty("--split", split);
    divider.setAttribute("aria-valuenow", String(Math.round(100 * split)));
  }
  divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId));
  divider.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) moveSplit(place(event)[0]);
  });
  divider.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -0.05, ArrowRight: 0.05 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    moveSplit(split + steps[event.key]);
  });

  likeness(page, stage);
  page.on("line", (open) => stage.classList.toggle("offline", !open));
  moveSplit(0.5);
  brush(page, view);
  sun(page, view);
  arrows(page, view);
  Object.assign(actions, view.actions);
}
