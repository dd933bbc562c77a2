/* The sun: where it stands along the horizon, to drag while a light is chosen. `view` is the stage, see stage.js. */
export function sun(page, view) {
  const { stage, place } = view;
  const handle = stage.querySelector(".stage-sun");
  const AS_FOUND = "as in the photo";
  let found = 0.5;
  let chosen = AS_FOUND;

  function show() {
    const side = chosen === AS_FOUND ? found : chosen;
    stage.style.setProperty("--sun", side);
    handle.dataset.chosen = String(chosen !== AS_FOUND);
    handle.setAttribute("aria-valuenow", String(Math.round(100 * side)));
  }
  function choose(side) {
    chosen = side === AS_FOUND ? side : Math.min(1, Math.max(0, side));
    show();
    page.choose("sun_side", chosen);
  }
  page.on("light", (header) => {
    found = header.sun_side;
    show();
  });
  page.on("held sun_side", (value) => {
    chosen = typeof value === "number" ? value : AS_FOUND;
    show();
  });
  handle.addEventListener("pointerdown", (event) => {
    handle.setPointerCapture(event.pointerId);
    handle.dataset.held = "yes";
  });
  handle.addEventListener("pointermove", (event) => {
    if (handle.dataset.held) choose(place(event)[0]);
  });
  ["pointerup", "pointercancel"].forEach((name) => handle.addEventListener(name, () => delete handle.dataset.held));
  handle.addEventListener("dblclick", () => choose(AS_FOUND));
  handle.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02 };
    if (!(event.key in steps) && event.key !== "Delete") return;
    event.preventDefault();
    event.stopPropagation();
    choose(event.key === "Delete" ? AS_FOUND : Number(stage.style.getPropertyValue("--sun")) + steps[event.key]);
  });
}
