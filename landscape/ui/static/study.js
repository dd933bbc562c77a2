const TEXT = {
  pair: "Which video looks more realistic?",
  single: "Is this video a real recording?",
  left: "Left", right: "Right", real: "Real", made: "Made by a computer",
};
const UPPER = { left: "Upper", right: "Lower" };
const find = (id) => document.getElementById(id);
const narrow = window.matchMedia("(max-width: 700px)");

function assessor() {
  let name = null;
  try { name = localStorage.getItem("assessor"); } catch {}
  if (!name) {
    name = Array.from(crypto.getRandomValues(new Uint8Array(12)), (n) => n.toString(16).padStart(2, "0")).join("");
    try { localStorage.setItem("assessor", name); } catch {}
  }
  return name;
}
const me = assessor();
let question = null;

function tell(words, place = "") {
  find("words").textContent = words;
  find("place").textContent = place;
  for (const id of ["films", "choices"]) find(id).replaceChildren();
  find("keys").textContent = "";
}

function show(next) {
  question = next.over ? null : next;
  if (next.over) return tell("Thank you! That was all.", "You can close this page.");
  tell(TEXT[next.kind], `Question ${next.number} of ${next.total}`);
  for (const address of next.films) {
    const film = document.createElement("video");
    Object.assign(film, { src: address, autoplay: true, loop: true, muted: true, playsInline: true });
    find("films").append(film);
  }
  next.choices.forEach((choice, index) => {
    const button = document.createElement("button");
    button.dataset.choice = choice;
    button.addEventListener("click", () => answer(choice));
    find("choices").append(button);
  });
  label();
  find("keys").textContent = "Keys: ← and → choose, the space bar starts the videos again.";
}

// On a phone the videos stand one above the other.
function label() {
  for (const button of find("choices").children)
    button.textContent = (narrow.matches && UPPER[button.dataset.choice]) || TEXT[button.dataset.choice];
}
narrow.addEventListener("change", label);

async function send(address, options) {
  try {
    const reply = await fetch(address, options);
    const next = await reply.json();
    if (reply.ok) return show(next);
    question = null;
    tell("That did not work.", next.error);
  } catch {
    for (const button of find("choices").children) button.disabled = false;
    find("place").textContent = "The study cannot be reached: choose again in a moment.";
  }
}

function answer(choice) {
  if (!question) return;
  for (const button of find("choices").children) button.disabled = true;
  const body = JSON.stringify({ assessor: me, name: question.name, choice });
  send("/answer", { method: "POST", headers: { "Content-Type": "application/json" }, body });
}

document.addEventListener("keydown", (event) => {
  if (!question || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const place = ["ArrowLeft", "ArrowRight"].indexOf(event.key);
  const button = find("choices").children[place];
  if (button && !button.disabled) {
    event.preventDefault();
    button.click();
  } else if (event.key === " " && document.activeElement.tagName !== "BUTTON") {
    event.preventDefault();
    for (const film of document.querySelectorAll("video")) film.currentTime = 0;
  }
});

send(`/ask?assessor=${me}`);
