/* Controls whose values cannot be used are marked, with the app's own sentence about it; what was in force stays in force.
   Sentences about anything else stand beside the photo. */
export function marks(page) {
  const LONGEST = 20000;
  const refused = new Map();
  let timer = 0;

  const place = (name) => document.getElementById(name);
  const fields = (block) => block.querySelectorAll("input, select, [role=slider], [role=radiogroup]");

  function mark(name, { text, kept }) {
    const block = place(name);
    if (!block) return;
    let sentence = block.querySelector(".refused");
    if (!sentence) {
      sentence = document.createElement("p");
      sentence.className = "refused";
      sentence.id = "refused-" + name;
      sentence.setAttribute("role", "status");
      block.append(sentence);
      fields(block).forEach((field) => {
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", sentence.id);
      });
    }
    const words = typeof kept === "number" ? `${text} Until then it stays at ${kept}.` : text;
    if (sentence.textContent !== words) sentence.textContent = words;
  }

  function unmark(name) {
    const block = place(name);
    const sentence = block && block.querySelector(".refused");
    if (!sentence) return;
    sentence.remove();
    fields(block).forEach((field) => {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    });
  }

  function show(next) {
    for (const name of [...refused.keys()]) {
      if (name in next) continue;
      refused.delete(name);
      unmark(name);
    }
    Object.entries(next).forEach(([name, why]) => {
      refused.set(name, why);
      mark(name, why);
    });
  }

  page.on("refused", (message) => show(message.fields));
  page.on("line", (open) => open && show({})); /* the wish is told anew with each line, and then refused anew */

  /* A field that is left with what cannot be used goes back to what is in force; Gradio would choose the least value. */
  document.addEventListener(
    "blur",
    (event) => {
      const field = event.target;
      if (!field.matches || !field.matches('input[type="number"][aria-invalid="true"]')) return;
      const [, why] = [...refused].find(([name]) => place(name) && place(name).contains(field)) || [];
      if (!why || typeof why.kept !== "number") return;
      field.value = String(why.kept);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    },
    true
  );

  function hide() {
    clearTimeout(timer);
    const box = document.querySelector("#line-notice .notice");
    if (box) box.hidden = true;
  }
  page.on("notice", ({ text }) => {
    const box = document.querySelector("#line-notice .notice");
    if (!box) return;
    const words = box.querySelector("span");
    if (words.textContent !== text || box.hidden) words.textContent = text;
    box.hidden = false;
    clearTimeout(timer);
    timer = setTimeout(hide, LONGEST);
  });
  document.addEventListener("click", (event) => event.target.closest("#line-notice button") && hide());
}
