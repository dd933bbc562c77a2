/* A setting that is chosen elsewhere on the page: `landscape.choose(name, value)` tells the preview at once and Gradio too. */
export function held(page, { element, props, trigger }) {
  page.on("choose " + element.id, (value) => {
    props.value = value;
    trigger("input");
  });
}
