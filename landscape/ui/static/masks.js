/* The mask panel: tools, brush, how painted masks become soft ones. */
import { sizeOf, valueOf } from "./geometry.js";

export function masks(page, { element }) {
  const panel = element.querySelector(".masks");
  const LIMITS = page.facts.masks;
  const found = Object.fromEntries(Object.entries(LIMITS).map(([name, { value }]) => [name, value]));
  const settings = { ...found };
  let waits = false;

  function range(name) {
    return panel.querySelector(`input[name="${name}"]`);
  }
  function tell() {
    if (waits) return;
    waits = true;
    setTimeout(() => {
      waits = false;
      page.send("mask", settings);
    }, 40);
  }
  function label(input) {
    const shown = input.closest("label").querySelector("output");
    if (!shown) return;
    const value = input.name === "size" ? sizeOf(Number(input.value)) : Number(input.value);
    shown.textContent = input.dataset.unit === "%" ? Math.round(100 * value) + " %" : (100 * value).toFixed(1) + " %";
  }
  panel.addEventListener("input", (event) => {
    const { name, value, checked } = event.target;
    if (name === "paints") page.emit("brush", { paints: value });
    if (name === "size") page.emit("brush", { size: sizeOf(Number(value)) });
    if (name === "softness") page.emit("brush", { softness: Number(value) });
    if (name === "overlay") page.emit("overlay", value);
    if (name === "grow" || name === "feather") settings[name] = Number(value);
    if (name === "snap") settings.snap = checked;
    if (["grow", "feather", "snap"].includes(name)) tell();
    if (event.target.type === "range") label(event.target);
  });
  panel.addEventListener("click", (event) => {
    const target = event.target.closest("[data-send]");
    if (!target) return;
    if (target.dataset.send === "reset") {
      Object.assign(settings, found);
      showSettings();
    }
    page.send(target.dataset.send);
  });
  function showSettings() {
    range("grow").value = settings.grow;
    range("feather").value = settings.feather;
    range("snap").checked = settings.snap;
    panel.querySelectorAll('input[type="range"]').forEach(label);
  }
  page.on("brush", () => {
    range("size").value = valueOf(page.brush ? page.brush.size : 0.06);
    label(range("size"));
  });
  page.on("mask-choice", (change) => {
    Object.assign(settings, change);
    tell();
  });
  page.on("mask", (header) => {
    panel.querySelector('[data-send="undo"]').disabled = !header.undo;
    panel.querySelector('[data-send="redo"]').disabled = !header.redo;
    panel.querySelector('[data-send="reset"]').disabled = !header.touched;
  });
  page.on("photo", () => {
    Object.assign(settings, found);
    showSettings();
  });
  page.on("matte", (header, bytes) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    link.download = header.file + "-matte.png";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });
  for (const name of ["grow", "feather"]) {
    const { low, high, step } = LIMITS[name];
    Object.assign(range(name), { min: low, max: high, step });
  }
  showSettings();
  page.emit("brush", {});
}
