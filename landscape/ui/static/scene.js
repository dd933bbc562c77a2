/* Saves photo, masks and fit as one file. */
const hub = window.landscape;
const button = element.querySelector("button");

button.addEventListener("click", () => {
  button.disabled = true;
  hub.send("save_scene");
});
hub.on("scene", ({ file }) => {
  if (!button.disabled) return; /* another tab of this visitor asked, or an answer from before a reload */
  button.disabled = false;
  if (!file) return;
  const link = document.createElement("a");
  link.href = hub.address("file/" + file + "?download");
  link.download = "";
  link.click();
});
hub.on("line", () => (button.disabled = false));
