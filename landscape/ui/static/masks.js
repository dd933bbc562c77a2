/* The mask panel: tools, brush, how painted masks become soft ones. */
const hub = window.landscape;
const panel = element.querySelector(".masks");
const settings = { grow: 0, feather: 0.004, snap: true, horizon: null };
let waits = false;

function range(name) {
  return panel.querySelector(`input[name="${name}"]`);
}
function tell() {
  if (waits) return;
  waits = true;
  setTimeout(() => {
    waits = false;
    hub.send("mask", settings);
  }, 40);
}
function label(input) {
  const shown = input.closest("label").querySelector("output");
  if (!shown) return;
  const value = input.name === "size" ? sizeOf(Number(input.value)) : Number(input.value);
  shown.textContent = input.dataset.unit === "%" ? Math.round(100 * value) + " %" : (100 * value).toFixed(1) + " %";
}
/* The size grows by factors: a slider from hair to half the sky. */
const sizeOf = (value) => 0.004 * Math.pow(100, value);
const valueOf = (size) => Math.log(size / 0.004) / Math.log(100);

panel.addEventListener("input", (event) => {
  const { name, value, checked } = event.target;
  if (name === "paints") hub.emit("brush", { paints: value });
  if (name === "size") hub.emit("brush", { size: sizeOf(Number(value)) });
  if (name === "softness") hub.emit("brush", { softness: Number(value) });
  if (name === "overlay") hub.emit("overlay", value);
  if (name === "grow" || name === "feather") settings[name] = Number(value);
  if (name === "snap") settings.snap = checked;
  if (["grow", "feather", "snap"].includes(name)) tell();
  if (event.target.type === "range") label(event.target);
});
panel.addEventListener("click", (event) => {
  const target = event.target.closest("[data-send]");
  if (!target) return;
  if (target.dataset.send === "reset") {
    Object.assign(settings, { grow: 0, feather: 0.004, snap: true, horizon: null });
    showSettings();
  }
  hub.send(target.dataset.send);
});
function showSettings() {
  range("grow").value = settings.grow;
  range("feather").value = settings.feather;
  range("snap").checked = settings.snap;
  panel.querySelectorAll('input[type="range"]').forEach(label);
}
hub.on("brush", () => {
  range("size").value = valueOf(hub.brush ? hub.brush.size : 0.06);
  label(range("size"));
});
hub.on("mask-choice", (change) => {
  Object.assign(settings, change);
  tell();
});
hub.on("mask", (header) => {
  panel.querySelector('[data-send="undo"]').disabled = !header.undo;
  panel.querySelector('[data-send="redo"]').disabled = !header.redo;
  panel.querySelector('[data-send="reset"]').disabled = !header.touched;
});
hub.on("photo", () => {
  Object.assign(settings, { grow: 0, feather: 0.004, snap: true, horizon: null });
  showSettings();
});
hub.on("matte", (header, bytes) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
  link.download = header.file + "-matte.png";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});
showSettings();
hub.emit("brush", {});
