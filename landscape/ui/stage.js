/* The moving part of the picture in the middle. Messages arrive as `value`:
   {kind: "frame", id, run, index, total, src}  one frame of the live preview of the scene `id`
   {kind: "pause", id}                          no more frames for now
   {kind: "clip", id, run, fps, total}          all frames were sent: play those that came, over and over
   The photo with its masks comes from scene.js, which keeps it in `window.landscapeScene`. */
const stage = element.querySelector(".stage");
const photo = stage.querySelector(".stage-photo");
const sky = stage.querySelector(".stage-sky");
const water = stage.querySelector(".stage-water");
const live = stage.querySelector(".stage-live");
const bar = stage.querySelector(".stage-build i");
const caption = stage.querySelector(".stage-caption");
const buttons = stage.querySelectorAll(".stage-mode button");
let frames = [];
let run = "";
let shown = "";
let chosen = "live";
let timer = 0;

function mode(name) {
  stage.dataset.mode = name;
  buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.mode === name)));
}

function draw(image) {
  if (live.width !== image.naturalWidth || live.height !== image.naturalHeight) {
    live.width = image.naturalWidth;
    live.height = image.naturalHeight;
  }
  live.getContext("2d").drawImage(image, 0, 0);
}

function play(total, fps) {
  let index = 0;
  clearInterval(timer);
  timer = setInterval(() => {
    if (!element.isConnected) return clearInterval(timer);
    const image = frames[index];
    if (image && image.complete && image.naturalWidth && live.offsetParent) draw(image);
    index = (index + 1) % total;
  }, 1000 / fps);
}

function showScene() {
  const scene = window.landscapeScene;
  if (!scene || !element.isConnected) return;
  if (photo.src !== scene.photo) photo.src = scene.photo;
  sky.src = scene.sky;
  water.src = scene.water;
  photo.alt = scene.name;
  stage.style.setProperty("--ratio", scene.width / scene.height);
  caption.textContent = scene.width + " × " + scene.height;
  if (scene.id !== shown) {
    clearInterval(timer);
    stage.dataset.ready = "photo";
    delete stage.dataset.building;
    chosen = "live";
  }
  shown = scene.id;
  mode("mask");
}

function showLive() {
  const message = props.value;
  if (!message || message.id !== shown) return;
  if (message.kind === "frame") {
    if (message.run !== run) {
      run = message.run;
      frames = [];
      mode(chosen);
    }
    clearInterval(timer);
    const image = new Image();
    image.onload = () => {
      draw(image);
      if (stage.dataset.ready !== "live") mode(chosen);
      stage.dataset.ready = "live";
    };
    image.src = message.src;
    frames[message.index] = image;
    bar.style.width = (100 * (message.index + 1)) / message.total + "%";
    stage.dataset.building = "yes";
  }
  if (message.kind === "pause") delete stage.dataset.building;
  if (message.kind === "clip") {
    delete stage.dataset.building;
    if (message.run === run) play(message.total, message.fps);
  }
}

buttons.forEach((button) =>
  button.addEventListener("click", () => {
    chosen = button.dataset.mode;
    mode(chosen);
  })
);
watch("value", showLive);
document.addEventListener("landscape-scene", () => {
  showScene();
  showLive();
});
showScene();
showLive();
