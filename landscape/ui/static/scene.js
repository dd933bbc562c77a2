/* Saves photo, masks and fit as one file. */
export function savedScene(page, { element }) {
  const button = element.querySelector("button");

  button.addEventListener("click", () => {
    button.disabled = true;
    page.send("save_scene");
  });
  page.on("scene", ({ file }) => {
    if (!button.disabled) return; /* another tab of this visitor asked, or an answer from before a reload */
    button.disabled = false;
    if (!file) return;
    const link = document.createElement("a");
    link.href = page.address("file/" + file + "?download");
    link.download = "";
    link.click();
  });
  page.on("line", () => (button.disabled = false));
}
