/* Sample photos as buttons; the chosen one's name becomes `value`. */
export function samples(page, { element, trigger }) {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-name]");
    if (!button) return;
    trigger("select", { name: button.dataset.name });
  });
}
