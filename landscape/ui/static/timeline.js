/* The day as key frames: drag them, choose their styles, add and remove them, scrub through the clip. `value` is a list
   of {time, style}, empty for the whole day at equal distances. */
import { dragged, inserted, widestGap } from "./geometry.js";

export function timeline(page, { element, props, trigger, watch }) {
  const line = element.querySelector(".timeline");
  const track = line.querySelector(".timeline-track");
  const head = line.querySelector(".timeline-head");
  const chooser = line.querySelector("select");
  const remove = line.querySelector('[data-key="remove"]');
  const day = JSON.parse(line.dataset.day);
  const colours = JSON.parse(line.dataset.colours);
  const LEAST = page.facts.closest;
  let chosen = 0;
  let held = null;
  let seconds = 6;

  const keys = () => (props.value && props.value.length ? props.value : day).map((key) => ({ ...key }));

  function put(next) {
    props.value = next;
    draw();
    trigger("input");
  }
  function draw() {
    const list = keys();
    chosen = Math.min(chosen, list.length - 1);
    const stops = list.map((key) => `${colours[key.style]} ${(100 * key.time).toFixed(1)}%`);
    track.style.background = `linear-gradient(90deg, ${stops.length > 1 ? stops.join(", ") : [colours[list[0].style], colours[list[0].style]].join(", ")})`;
    track.querySelectorAll(".timeline-key").forEach((key) => key.remove());
    list.forEach((key, index) => {
      const handle = document.createElement("button");
      handle.type = "button";
      handle.className = "timeline-key";
      handle.dataset.index = index;
      handle.style.left = 100 * key.time + "%";
      handle.title = `${key.style} at ${(key.time * seconds).toFixed(1)} s`;
      handle.setAttribute("aria-label", handle.title);
      handle.setAttribute("aria-pressed", String(index === chosen));
      const picture = page.cards && page.cards.get(key.style);
      if (picture) handle.style.backgroundImage = `url(${picture})`;
      else handle.style.backgroundColor = colours[key.style];
      track.append(handle);
    });
    chooser.value = list[chosen].style;
    remove.disabled = list.length < 2;
  }
  function at(event) {
    const box = track.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }
  function moved(index, time) {
    return dragged(keys(), index, time, LEAST);
  }
  track.addEventListener("pointerdown", (event) => {
    track.setPointerCapture(event.pointerId);
    const key = event.target.closest(".timeline-key");
    if (key) {
      chosen = Number(key.dataset.index);
      held = { key: chosen, from: event.clientX, moved: false };
      draw();
    } else {
      held = { playing: page.state.playing };
      page.play(false);
    }
    seek(key ? keys()[chosen].time : at(event));
  });
  track.addEventListener("pointermove", (event) => {
    if (!held) return;
    if ("key" in held) {
      held.moved = held.moved || Math.abs(event.clientX - held.from) > 3;
      if (held.moved) put(moved(held.key, at(event)));
    } else seek(at(event));
  });
  ["pointerup", "pointercancel"].forEach((name) =>
    track.addEventListener(name, () => {
      if (held && "playing" in held) page.play(held.playing);
      held = null;
    })
  );
  track.addEventListener("dblclick", (event) => {
    if (!event.target.closest(".timeline-key")) add(at(event));
  });
  track.addEventListener("keydown", (event) => {
    const key = event.target.closest(".timeline-key");
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02 };
    if (!key || !(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    chosen = Number(key.dataset.index);
    put(moved(chosen, keys()[chosen].time + steps[event.key]));
    track.querySelector(`[data-index="${chosen}"]`).focus();
  });
  function seek(part) {
    head.style.left = 100 * part + "%";
    page.send("seek", { seconds: part * seconds * 0.9999 });
  }
  function add(time) {
    const list = inserted(keys(), time, LEAST);
    if (!list) return;
    chosen = list.findIndex((key) => Math.abs(key.time - time) < 0.001);
    put(list);
  }
  line.addEventListener("click", (event) => {
    const target = event.target.closest("[data-key]");
    if (!target) return;
    const list = keys();
    if (target.dataset.key === "remove") put(list.filter((_, index) => index !== chosen));
    if (target.dataset.key === "day") put([]);
    if (target.dataset.key === "add") add(widestGap(list));
  });
  chooser.addEventListener("change", () => {
    const list = keys();
    list[chosen].style = chooser.value;
    put(list);
    seek(list[chosen].time);
  });
  page.on("shown", (frame) => {
    if (!held) head.style.left = (100 * (frame.time % seconds)) / seconds + "%";
  });
  page.on("wish", (wish) => {
    if (Number(wish.seconds) > 0) seconds = Number(wish.seconds);
    line.classList.toggle("off", !wish.day_cycle);
  });
  page.on("picture", draw);
  watch("value", draw);
  draw();
}
