/* Style cards with pictures of the open photo; `value` is the name of the chosen style. */
export function cards(page, { element, props, trigger, watch }) {
  const cards = [...element.querySelectorAll(".card")];
  const pictures = (page.cards = page.cards || new Map());

  function choose(name) {
    if (name === props.value) return;
    page.hurry({ style: name });
    props.value = name;
    mark();
    trigger("input");
  }
  function mark() {
    cards.forEach((card) => {
      const chosen = card.dataset.style === props.value;
      card.setAttribute("aria-checked", String(chosen));
      card.tabIndex = chosen ? 0 : -1;
    });
  }
  element.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (card) choose(card.dataset.style);
  });
  element.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowDown: 4, ArrowLeft: -1, ArrowUp: -4 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    const next = cards[cards.findIndex((card) => card.dataset.style === props.value) + steps[event.key]];
    if (!next) return;
    choose(next.dataset.style);
    next.focus();
  });
  function put(style, bytes) {
    const card = cards.find((item) => item.dataset.style === style);
    if (!card) return;
    const image = card.querySelector("img");
    const address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    image.onload = () => card.classList.add("drawn");
    image.src = address;
    if (pictures.has(style)) URL.revokeObjectURL(pictures.get(style));
    pictures.set(style, address);
    page.emit("picture", style);
  }
  page.on("card", (header, bytes) => put(header.style, bytes));
  page.on("photo", (header, bytes) => {
    cards.forEach((card) => card.classList.remove("drawn"));
    put(cards[0].dataset.style, bytes);
  });
  /* A style that the photo was taken in says so. */
  page.on("light", (header) => {
    cards.forEach((card) => {
      const own = card.dataset.style === header.style;
      card.classList.toggle("own", own);
      card.title = own ? `This photo is a ${header.style}.` : "";
    });
  });
  page.on("panel", (name) => page.send("cards", { shown: name === "light" }));
  watch("value", mark);
  mark();
}
