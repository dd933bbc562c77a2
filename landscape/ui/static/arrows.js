/* Arrows along which water and clouds go, drawn on the photo while the panel of motion is open; and kinds of water, chosen with
   a click in the panel of masks. `view` is the stage, see stage.js. */
export function arrows(page, view) {
  const { stage, frame, place } = view;
  const drawing = stage.querySelector(".stage-arrows");
  const SHORT = 10; /* Pixels: what is drawn shorter is a click, which means nothing, or with another one an anchor. */
  const MOST = 64;
  let list = [];
  let kinds = [];
  let arrowsBefore = [];
  let held = null;
  let photoName = null;

  const rounded = (value, low) => Math.round(1e4 * Math.min(1, Math.max(low, value))) / 1e4;

  function arrowBetween([x, y], [tipX, tipY]) {
    return { x: rounded(x, 0), y: rounded(y, 0), dx: rounded(tipX - x, -1), dy: rounded(tipY - y, -1) };
  }

  function tipOf(arrow) {
    return [arrow.x + arrow.dx, arrow.y + arrow.dy];
  }

  function putArrows(next, before) {
    if (before) arrowsBefore.push(before);
    list = next;
    drawArrows();
    page.choose("arrows", list);
  }

  function drawArrows() {
    drawing.querySelectorAll("[data-arrow]").forEach((shape) => shape.remove());
    drawing.classList.toggle("holding", held !== null);
    list.forEach((arrow, index) => {
      const [tipX, tipY] = tipOf(arrow);
      const anchor = !arrow.dx && !arrow.dy;
      if (!anchor) addShape("line", { x1: percent(arrow.x), y1: percent(arrow.y), x2: percent(tipX), y2: percent(tipY) }, index, "line");
      for (const [end, x, y] of anchor ? [["anchor", arrow.x, arrow.y]] : [["foot", arrow.x, arrow.y], ["tip", tipX, tipY]])
        addShape("circle", { cx: percent(x), cy: percent(y), r: end === "foot" ? 4 : 7 }, index, end);
    });
    drawing.dataset.count = list.length;
    stage.querySelector('[data-do="arrows-undo"]').hidden = !arrowsBefore.length;
    stage.querySelector('[data-do="arrows-clear"]').hidden = !list.length;
  }

  const percent = (part) => 100 * part + "%";

  function addShape(kind, values, index, end) {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", kind);
    Object.entries(values).forEach(([name, value]) => shape.setAttribute(name, value));
    shape.dataset.arrow = index;
    shape.dataset.end = end;
    drawing.append(shape);
  }

  const far = (a, b) => {
    const own = frame.getBoundingClientRect();
    return Math.hypot((a[0] - b[0]) * own.width, (a[1] - b[1]) * own.height) >= SHORT;
  };
  const drawable = (event) =>
    document.documentElement.dataset.panel === "motion" && stage.dataset.live !== undefined && event.button === 0 &&
    !event.target.closest(".stage-split, .stage-horizon");

  frame.addEventListener("pointerdown", (event) => {
    const says = stage.classList.contains("masking") && event.button === 0 && page.brush && page.facts.kinds.includes(page.brush.paints);
    if (says) return chooseKind(place(event));
    const shape = event.target.closest("[data-arrow]");
    if (!drawable(event) || (view.camera.zoom !== 1 && !shape) || (!shape && (list.length >= MOST || !view.movesAt(...place(event))))) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    held = shape
      ? { index: Number(shape.dataset.arrow), end: shape.dataset.end, from: place(event), was: list }
      : { index: list.length, end: "tip", from: place(event), was: list, fresh: true };
  });
  frame.addEventListener("pointermove", (event) => {
    if (!held) return;
    const at = place(event);
    if (!held.moved && !far(at, held.from)) return;
    held.moved = true;
    const arrow = held.fresh ? { x: held.from[0], y: held.from[1], dx: 0, dy: 0 } : held.was[held.index];
    const [tipX, tipY] = tipOf(arrow);
    const by = [at[0] - held.from[0], at[1] - held.from[1]];
    const changed =
      held.end === "tip" ? arrowBetween([arrow.x, arrow.y], at)
      : held.end === "foot" ? arrowBetween(at, [tipX, tipY])
      : arrowBetween([arrow.x + by[0], arrow.y + by[1]], [tipX + by[0], tipY + by[1]]);
    const next = [...held.was];
    next[held.index] = changed;
    putArrows(next);
  });
  ["pointerup", "pointercancel"].forEach((name) =>
    frame.addEventListener(name, () => {
      if (!held) return;
      const { moved, was } = held;
      held = null;
      drawing.classList.remove("holding");
      if (!moved) return; /* shapes drawn anew between two clicks would know of no double click */
      arrowsBefore.push(was);
      drawArrows();
    })
  );
  frame.addEventListener("dblclick", (event) => {
    if (!drawable(event)) return;
    const shape = document.elementFromPoint(event.clientX, event.clientY).closest("[data-arrow]");
    if (shape) putArrows(list.filter((_, index) => index !== Number(shape.dataset.arrow)), list);
    else if (view.movesAt(...place(event)) && list.length < MOST) putArrows([...list, arrowBetween(place(event), place(event))], list);
  });
  page.on("undo-arrows", () => arrowsBefore.length && putArrows(arrowsBefore.pop()));
  Object.assign(view.actions, {
    "arrows-undo": () => page.emit("undo-arrows"),
    "arrows-clear": () => putArrows([], list),
  });

  /* The kind of water of the part that was clicked; the last word counts. */
  function chooseKind([x, y]) {
    if (!view.wetAt(x, y)) return;
    kinds = [...kinds, { x: rounded(x, 0), y: rounded(y, 0), kind: page.brush.paints }].slice(-MOST);
    page.choose("water_kinds", kinds);
  }

  page.on("wish", (wish) => {
    kinds = wish.water_kinds || [];
    if (held) return;
    list = (wish.arrows || []).map((arrow) => ({ ...arrow }));
    drawArrows();
  });
  /* Another photo has other water and another sky. */
  page.on("photo", (header) => {
    if (photoName !== null && photoName !== header.name) {
      arrowsBefore = [];
      if (list.length) putArrows([]);
      if (kinds.length) page.choose("water_kinds", []);
    }
    photoName = header.name;
  });
  drawArrows();
}
