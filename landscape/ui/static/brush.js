/* The mask brush: strokes are drawn here at once and painted by the app, whose mask then replaces them. `view` is
   the stage, see stage.js. */
import { brushSize, near, strokeLook } from "./geometry.js";

export function brush(page, view) {
  const { stage, well, frame, place } = view;
  const CLASSES = { sky: [79, 140, 255], water: [0, 201, 167], freeze: [255, 92, 138], none: [235, 240, 246] };
  const overlay = stage.querySelector(".stage-mask");
  const strokes = stage.querySelector(".stage-brush");
  const ring = stage.querySelector(".stage-ring");
  const brush = { paints: "sky", size: 0.06, softness: 0.3 };
  const LONGEST = 1024;
  const DOUBTFUL = 153; /* of 255: an error of a fifth is expected */
  const [DOUBT, SHADE, STRIPES] = [[255, 196, 0, 255], [38, 26, 0, 255], 90]; /* stripes along the longer side */
  let pending = [];
  let current = null;
  let strokeNumber = 0;
  let places = null; /* what is where: size, and shares of 255 of water, and of all that moves, for each pixel */

  page.on("brush", (change) => {
    Object.assign(brush, change);
    brush.size = brushSize(brush.size);
    page.brush = { ...brush };
    showRing();
  });
  page.on("panel", (name) => stage.classList.toggle("masking", name === "masks"));
  page.on("overlay", (opacity) => stage.style.setProperty("--overlay", opacity));

  page.on("mask", async (header, bytes) => {
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    /* The upper half is the matte, the lower one how certain it is. */
    const [width, height] = [image.width, image.height / 2];
    overlay.width = strokes.width = width;
    overlay.height = strokes.height = height;
    const context = overlay.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, -height);
    const certain = context.getImageData(0, 0, width, height).data;
    context.drawImage(image, 0, 0);
    const data = context.getImageData(0, 0, width, height);
    const pixels = data.data;
    const { sky, water, freeze } = CLASSES;
    const [moves, wet] = [new Uint8Array(pixels.length / 4), new Uint8Array(pixels.length / 4)];
    places = { width, height, moves, wet };
    for (let i = 0; i < pixels.length; i += 4) {
      const f = pixels[i + 2];
      const s = (pixels[i] * (255 - f)) / 255;
      const w = (pixels[i + 1] * (255 - f)) / 255;
      const total = s + w + f || 1;
      moves[i >> 2] = Math.min(255, s + w);
      wet[i >> 2] = w;
      for (let c = 0; c < 3; c++) pixels[i + c] = (s * sky[c] + w * water[c] + f * freeze[c]) / total;
      pixels[i + 3] = Math.min(255, s + w + f);
    }
    context.putImageData(hatched(data, certain), 0, 0);
    const moving = (view.moving = view.moving || document.createElement("canvas"));
    moving.width = width;
    moving.height = height;
    for (let i = 0; i < pixels.length; i += 4) pixels[i + 3] = Math.min(255, 4 * moves[i >> 2]);
    moving.getContext("2d").putImageData(data, 0, 0);
    pending = pending.filter((stroke) => stroke.number > header.stroke);
    drawStrokes();
  });
  page.on("photo", () => {
    pending = [];
    view.moving = null;
    overlay.width = overlay.width;
    drawStrokes();
  });

  const at = (shares, x, y) =>
    places && x >= 0 && y >= 0 && x < 1 && y < 1 &&
    places[shares][Math.floor(y * places.height) * places.width + Math.floor(x * places.width)] > 127;
  view.wetAt = (x, y) => at("wet", x, y);
  view.movesAt = (x, y) => at("moves", x, y);

  /* Places that are doubtful get stripes, which say: look here, and paint if it is wrong. Each has a dark side, as
     photos are bright and dark; they are as wide on the page whatever the size of the matte. */
  function hatched(data, certain) {
    const shown = new ImageData(new Uint8ClampedArray(data.data), data.width, data.height);
    const apart = Math.max(data.width, data.height) / STRIPES;
    for (let i = 0, place = 0; i < certain.length; i += 4, place++) {
      const across = (((place % data.width) + Math.floor(place / data.width)) / apart) % 1;
      if (certain[i] >= DOUBTFUL || across > 0.6) continue;
      shown.data.set(across < 0.35 ? DOUBT : SHADE, i);
    }
    return shown;
  }

  function drawStrokes() {
    const context = strokes.getContext("2d");
    context.clearRect(0, 0, strokes.width, strokes.height);
    const longest = Math.max(strokes.width, strokes.height);
    for (const stroke of current ? [...pending, current] : pending) {
      context.strokeStyle = `rgb(${CLASSES[stroke.paints].join(" ")})`;
      context.lineCap = context.lineJoin = "round";
      const { width, blur } = strokeLook(stroke, longest);
      context.filter = blur > 0.5 ? `blur(${blur}px)` : "none";
      context.lineWidth = width;
      context.beginPath();
      stroke.points.forEach(([x, y], index) => {
        const at = [x * strokes.width, y * strokes.height];
        index ? context.lineTo(...at) : context.moveTo(...at);
      });
      if (stroke.points.length === 1) context.lineTo(stroke.points[0][0] * strokes.width + 0.01, stroke.points[0][1] * strokes.height);
      context.stroke();
    }
    context.filter = "none";
  }

  function showRing(event) {
    const own = frame.getBoundingClientRect();
    const size = brush.size * Math.max(own.width, own.height);
    ring.style.width = ring.style.height = size + "px";
    ring.style.borderColor = `rgb(${(CLASSES[brush.paints] || CLASSES.water).join(" ")})`;
    if (!event) return;
    const box = well.getBoundingClientRect();
    ring.style.transform = `translate(${event.clientX - box.left - size / 2}px, ${event.clientY - box.top - size / 2}px)`;
  }

  frame.addEventListener("pointerdown", (event) => {
    if (!stage.classList.contains("masking") || event.button !== 0 || event.target.closest(".stage-split")) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    if (!(brush.paints in CLASSES)) return;
    const paints = event.altKey ? "none" : brush.paints;
    current = { number: ++strokeNumber, points: [place(event)], size: brush.size, softness: brush.softness, paints };
    drawStrokes();
  });
  well.addEventListener("pointermove", (event) => {
    if (!stage.classList.contains("masking")) return;
    showRing(event);
    if (!current) return;
    const own = frame.getBoundingClientRect();
    const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const move of moves.length ? moves : [event]) {
      const point = place(move);
      if (!near(point, current.points[current.points.length - 1], own.width, own.height)) current.points.push(point);
    }
    drawStrokes();
  });
  frame.addEventListener("pointerup", finish);
  frame.addEventListener("pointercancel", finish);
  function finish() {
    if (!current) return;
    pending.push(current);
    page.send("stroke", current);
    current = null;
  }
  page.on("line", () => {
    pending = []; /* what was on the way is lost with the line; numbers begin anew with it */
    strokeNumber = 0;
    drawStrokes();
  });
  strokes.width = overlay.width = LONGEST;

  /* The horizon: a line to drag, which the motion's perspective is built on. */
  const horizon = stage.querySelector(".stage-horizon");
  page.on("mask", (header) => {
    if (horizon.dataset.held) return;
    setHorizon(header.horizon);
  });
  function setHorizon(value) {
    const level = Math.min(1, Math.max(0, value));
    stage.style.setProperty("--horizon", level);
    horizon.setAttribute("aria-valuenow", String(Math.round(100 * level)));
    return level;
  }
  function chooseHorizon(value) {
    page.emit("mask-choice", { horizon: setHorizon(value) });
  }
  horizon.addEventListener("pointerdown", (event) => {
    horizon.setPointerCapture(event.pointerId);
    horizon.dataset.held = "yes";
  });
  horizon.addEventListener("pointermove", (event) => {
    if (horizon.dataset.held) chooseHorizon(place(event)[1]);
  });
  ["pointerup", "pointercancel"].forEach((name) => horizon.addEventListener(name, () => delete horizon.dataset.held));
  horizon.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: -0.01, ArrowDown: 0.01 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    chooseHorizon(Number(stage.style.getPropertyValue("--horizon")) + steps[event.key]);
  });
}
