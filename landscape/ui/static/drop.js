/* Photos that are dropped anywhere on the page or pasted go where photos are chosen. A picture out of another page comes as
   an address: it is fetched where the browser lets this page have it, and where it does not, a sentence says so. */
export function drop(page) {
  const ENDINGS = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/avif": ".avif", "image/gif": ".gif",
    "image/tiff": ".tif", "image/bmp": ".bmp", "image/heic": ".heic", "image/heif": ".heif", "image/jp2": ".jp2",
  };
  const PATIENCE = 60000;
  const SAVE = "save it on your computer and drop the file.";
  const EDITABLE = "input, textarea, [contenteditable]";
  let ours = false;

  const say = (text) => page.emit("notice", { text });
  const inside = (event, selector) => event.target.closest && event.target.closest(selector);

  function open(file) {
    const input = document.querySelector("#photo input[type=file]");
    if (!input) return say("Another photo is on its way: try again when it is open.");
    const box = new DataTransfer();
    box.items.add(file);
    input.files = box.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /* The address of what was dragged or copied: that of the picture itself before that of a link around it. */
  function addressIn(data) {
    const page = new DOMParser().parseFromString(data.getData("text/html"), "text/html");
    const picture = page.querySelector("img[src]");
    const links = data.getData("text/uri-list").split(/\r?\n/).filter((line) => line && !line.startsWith("#"));
    const text = data.getData("text/plain").trim();
    const found = [picture && picture.getAttribute("src"), links[0], text];
    return found.find((address) => /^(https?:|data:image\/|file:)\S+$/i.test(address || "")) || "";
  }

  function nameOf(address, type) {
    const last = address.protocol === "data:" ? "" : address.pathname.split("/").pop();
    let name = last;
    try {
      name = decodeURIComponent(last);
    } catch {
      /* a name that is not encoded right stays as it is */
    }
    const ending = ENDINGS[type];
    if (!ending) return name;
    return (name.replace(/\.[^.]*$/, "").replace(/[/\\]/g, "-") || "picture") + ending;
  }

  async function fetchPicture(text) {
    const address = new URL(text);
    if (address.protocol === "file:") return say("Pages may not read that file by its address: drop the file itself.");
    let answer, blob;
    try {
      answer = await fetch(address, { referrerPolicy: "no-referrer", signal: AbortSignal.timeout(PATIENCE) });
      blob = await answer.blob();
    } catch {
      return say("The browser does not let this page have that picture: " + SAVE);
    }
    if (!answer.ok) return say("That picture is not to be had (" + answer.status + "): " + SAVE);
    const type = blob.type.split(";")[0].trim().toLowerCase();
    const told = type && !type.endsWith("/octet-stream");
    const known = type in ENDINGS || (!told && /\.[a-z0-9]+$/i.test(address.pathname));
    if (!known) return say("Behind that link is no photo that can be read: drop the picture itself, or " + SAVE);
    open(new File([blob], nameOf(address, type), { type }));
  }

  /* What comes in by drag or paste: false where it is none of our business. */
  function take(data, nothing) {
    const entry = data.items && data.items[0] && data.items[0].webkitGetAsEntry && data.items[0].webkitGetAsEntry();
    if (entry && entry.isDirectory) return say("That is a folder: drop a photo out of it.");
    if (data.files.length) return open(data.files[0]);
    const address = addressIn(data);
    address ? fetchPicture(address) : say(nothing);
  }

  document.addEventListener("dragstart", () => (ours = true));
  document.addEventListener("dragend", () => (ours = false));
  document.addEventListener("dragover", (event) => inside(event, EDITABLE) || event.preventDefault());
  document.addEventListener("drop", (event) => {
    const data = event.dataTransfer;
    if (!data || (inside(event, EDITABLE) && !data.files.length)) return;
    if (inside(event, "#photo") && data.files.length) return; /* Gradio takes files there */
    event.preventDefault();
    if (!ours) take(data, "What was dropped is no photo: drop a picture or its file.");
  });
  document.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (!data || (inside(event, EDITABLE) && !data.files.length)) return;
    event.preventDefault();
    take(data, "The clipboard holds no picture: copy one, or its file, and paste it here.");
  });
}
