/* A clock: click an hour, drag the hand, or use the arrow keys. `value` is in degrees clockwise from up. */
const dial = element.querySelector(".dial");
const hand = element.querySelector(".dial-hand");

function show() {
  const degrees = Number(props.value) || 0;
  hand.setAttribute("transform", "rotate(" + degrees + " 100 100)");
  dial.setAttribute("aria-valuenow", String(Math.round(degrees)));
  const near = Math.round(degrees / 30) % 12 || 12;
  element.querySelectorAll(".dial-hour").forEach((hour) => {
    const exact = Number(hour.dataset.hour) === near && Math.abs(degrees / 30 - Math.round(degrees / 30)) < 0.02;
    hour.classList.toggle("chosen", exact);
  });
}

function set(degrees) {
  const next = ((Math.round(degrees) % 360) + 360) % 360;
  if (next === Number(props.value)) return;
  props.value = next;
  show();
  trigger("input");
}

function angle(event) {
  const box = dial.getBoundingClientRect();
  const x = event.clientX - (box.left + box.width / 2);
  const y = event.clientY - (box.top + box.height / 2);
  const degrees = (Math.atan2(x, -y) * 180) / Math.PI;
  return event.shiftKey ? degrees : 30 * Math.round(degrees / 30);
}

dial.addEventListener("pointerdown", (event) => {
  dial.setPointerCapture(event.pointerId);
  set(angle(event));
});
dial.addEventListener("pointermove", (event) => {
  if (event.buttons & 1) set(angle(event));
});
dial.addEventListener("keydown", (event) => {
  const steps = { ArrowRight: 30, ArrowUp: 30, ArrowLeft: -30, ArrowDown: -30 };
  if (event.key in steps) {
    event.preventDefault();
    set(30 * Math.round(Number(props.value) / 30) + steps[event.key]);
  }
});
watch("value", show);
show();
