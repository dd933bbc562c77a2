/* A setting that is chosen elsewhere on the page: `landscape.choose(name, value)` tells the preview at once and Gradio too. */
export function held(page, { name, props, trigger, watch }) {
  page.on("choose " + name, (value) => {
    props.value = value;
    trigger("input");
  });
  /* What a recipe or the browser brings along is shown where it is chosen. */
  const tell = () => page.emit("held " + name, props.value);
  watch("value", tell);
  tell();
}
