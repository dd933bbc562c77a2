/* How well the model draws the photo, in words under it. */
export function likeness(page, stage) {
  const words = [[92, "very close"], [80, "close"], [60, "rough"], [0, "first guess"]];
  page.on("fit", (fit) => {
    const chip = stage.querySelector(".stage-fit");
    stage.dataset.fit = fit.done ? "done" : fit.paused ? "paused" : "running";
    const known = fit.score !== null;
    chip.hidden = !known && !fit.failed;
    stage.style.setProperty("--score", known ? fit.score / 100 : 0);
    stage.querySelector(".stage-score").textContent = known
      ? `Likeness ${fit.score} · ${words.find(([least]) => fit.score >= least)[1]}`
      : "The model does not get this photo";
    chip.title = known
      ? `How well the model draws this photo (SSIM ${fit.ssim}, LPIPS ${fit.lpips}). ` +
        (fit.done ? "It will not get better." : "It gets better while you look.")
      : "";
    const rest = stage.querySelector('[data-do="rest"]');
    rest.hidden = fit.done;
    rest.setAttribute("aria-label", fit.paused ? "Go on refining" : "Pause refining");
  });
}
