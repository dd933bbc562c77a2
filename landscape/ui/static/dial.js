/* A clock: click an hour, drag the hand, or use the arrow keys. Near an hour the hand snaps to it; with Shift it never
   does. `value` is in degrees clockwise from up. */
import { hourAt, pointedAt, stepped, wholeDegrees } from "./geometry.js";

export function dial(page, { element, props, trigger, watch }) {
  const dial = element.querySelector(".dial");
  const hand = element.querySelector(".dial-hand");
  const shown = element.querySelector(".dial-value");
  const REST = 150; /* Gradio takes longer to be told than a picture to be made: it hears where the hand came to rest. */
  let degrees = Number(props.value) || 0;
  let told = degrees;
  let rest = 0;

  function show() {
    hand.setAttribute("transform", "rotate(" + degrees + " 100 100)");
    dial.setAttribute("aria-valuenow", String(Math.round(degrees)));
    shown.textContent = Math.round(degrees) + "°";
    const near = hourAt(degrees);
    element.querySelectorAll(".dial-hour").forEach((hour) => hour.classList.toggle("chosen", Number(hour.dataset.hour) === near));
  }

  function set(wished) {
    const next = wholeDegrees(wished);
    if (next === degrees) return;
    degrees = next;
    page.hurry({ direction: next });
    show();
    clearTimeout(rest);
    rest = setTimeout(tell, REST);
  }

  function tell() {
    rest = 0;
    told = props.value = degrees;
    trigger("input");
  }

  function settle() {
    if (!rest) return;
    clearTimeout(rest);
    tell();
  }

  function turn(step) {
    set(stepped(degrees, step));
  }

  function angle(event) {
    const box = dial.getBoundingClientRect();
    return pointedAt(event.clientX - (box.left + box.width / 2), event.clientY - (box.top + box.height / 2), event.shiftKey);
  }

  dial.addEventListener("pointerdown", (event) => {
    dial.setPointerCapture(event.pointerId);
    set(angle(event));
  });
  dial.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) set(angle(event));
  });
  /* Nobody waits for what is over: a click on another control finds the hand where it is. */
  ["pointerup", "pointercancel", "keyup", "blur"].forEach((name) => dial.addEventListener(name, settle));
  dial.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 30, ArrowUp: 30, ArrowLeft: -30, ArrowDown: -30 };
    if (event.key in steps) {
      event.preventDefault();
      event.stopPropagation();
      turn(event.shiftKey ? Math.sign(steps[event.key]) * 5 : steps[event.key]);
    }
  });
  page.on("turn", turn);
  watch("value", () => {
    const next = Number(props.value) || 0;
    if (rest && next === told) return; /* an old word; any other comes from outside, as with a recipe, and is the newest */
    clearTimeout(rest);
    rest = 0;
    told = degrees = next;
    show();
  });
  show();
}
