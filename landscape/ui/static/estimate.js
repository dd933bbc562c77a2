/* Asks how large the clip's file will be: while the export panel is shown and nothing is being moved. */
export function estimate(page) {
  const root = document.documentElement;
  const REST = 300;
  let timer = 0;
  let fitted = null;

  function ask() {
    if (root.dataset.panel !== "export" || root.dataset.view !== "studio") return;
    document.querySelector("#estimate-now").click();
  }
  function soon() {
    clearTimeout(timer);
    timer = setTimeout(ask, REST);
  }
  ["panel", "choices", "photo", "mask"].forEach((kind) => page.on(kind, soon));
  page.on("fit", (fit) => {
    if (fit.done !== fitted) soon();
    fitted = fit.done;
  });
}
