/* A clock: click an hour, drag the hand, or use the arrow keys. Near an hour the hand snaps to it; with Shift it never
   does. `value` is in degrees clockwise from up. */
const dial = element.querySelector(".dial");
const hand = element.querySelector(".dial-hand");
const shown = element.querySelector(".dial-value");
const SNAP = 6;
const REST = 150; /* Gradio takes longer to be told than a picture to be made: it hears where the hand came to rest. */
let degrees = Number(props.value) || 0;
let told = degrees;
let rest = 0;

function show() {
  hand.setAttribute("transform", "rotate(" + degrees + " 100 100)");
  dial.setAttribute("aria-valuenow", String(Math.round(degrees)));
  shown.textContent = Math.round(degrees) + "°";
  const near = Math.round(degrees / 30) % 12 || 12;
  element.querySelectorAll(".dial-hour").forEach((hour) => {
    const exact = Number(hour.dataset.hour) === near && Math.abs(degrees / 30 - Math.round(degrees / 30)) < 0.02;
    hour.classList.toggle("chosen", exact);
  });
}

function set(wished) {
  const next = ((Math.round(wished) % 360) + 360) % 360;
  if (next === degrees) return;
  degrees = next;
  window.landscape.hurry({ direction: next });
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
  set(Math.abs(step) < 30 ? degrees + step : 30 * Math.round(degrees / 30) + step);
}

function angle(event) {
  const box = dial.getBoundingClientRect();
  const x = event.clientX - (box.left + box.width / 2);
  const y = event.clientY - (box.top + box.height / 2);
  const pointed = (Math.atan2(x, -y) * 180) / Math.PI;
  const hour = 30 * Math.round(pointed / 30);
  return !event.shiftKey && Math.abs(pointed - hour) <= SNAP ? hour : pointed;
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
window.landscape.on("turn", turn);
watch("value", () => {
  const next = Number(props.value) || 0;
  if (rest && next === told) return; /* an old word; any other comes from outside, as with a recipe, and is the newest */
  clearTimeout(rest);
  rest = 0;
  told = degrees = next;
  show();
});
show();
