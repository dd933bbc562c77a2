/* Takes the photo with its masks, {id, photo, sky, water, width, height, name}, to the stage. It is a part of its own
   because every message makes the page compare the whole value, and frames are many. */
function hand() {
  if (!props.value || !props.value.photo) return;
  window.landscapeScene = props.value;
  document.dispatchEvent(new Event("landscape-scene"));
}
watch("value", hand);
hand();
