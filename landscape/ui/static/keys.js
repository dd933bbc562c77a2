/* The keyboard: play, direction, brush, undo, export, help. Keys that a focused control needs stay its own. */
export function keys(page) {
  const root = document.documentElement;
  const tell = () => {
    const dialog = document.querySelector("#help dialog");
    if (!dialog) return;
    dialog.open ? dialog.close() : dialog.showModal();
  };
  document.addEventListener("keydown", (event) => {
    const target = event.target;
    const typing = target.closest && target.closest("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
    const control = event.ctrlKey || event.metaKey;
    if (root.dataset.view !== "studio") {
      if (event.key === "?" && !typing) tell();
      return;
    }
    if (control && event.key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      if (root.dataset.panel === "motion") page.emit("undo-arrows");
      else page.send(event.shiftKey ? "redo" : "undo");
      return;
    }
    if (typing || control || event.altKey) return;
    const slides = target.closest && target.closest("input, [role=slider], [role=radio]");
    const arrows = { ArrowRight: 30, ArrowUp: 30, ArrowLeft: -30, ArrowDown: -30 };
    if (event.key in arrows && !slides) {
      event.preventDefault();
      page.emit("turn", event.shiftKey ? Math.sign(arrows[event.key]) * 5 : arrows[event.key]);
    } else if (event.key === " " && !(target.closest && target.closest("button, [role=button], input"))) {
      event.preventDefault();
      page.emit("do", "play");
    } else if (event.key === "[" || event.key === "]") {
      const size = (page.brush ? page.brush.size : 0.06) * (event.key === "]" ? 1.2 : 1 / 1.2);
      page.emit("brush", { size });
    } else if (event.key === "Escape") page.emit("do", "leave");
    else if (event.key.toLowerCase() === "f") page.emit("do", "full");
    else if (event.key.toLowerCase() === "s") page.emit("do", "split");
    else if (event.key.toLowerCase() === "e") {
      page.emit("do", "leave");
      page.panel("export");
      const button = document.querySelector("#export");
      if (button) button.focus();
    } else if (event.key === "?") tell();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-open="help"]')) tell();
    const theme = event.target.closest('[data-open="theme"]');
    if (theme) {
      const dark = document.body.classList.toggle("dark");
      try {
        localStorage.setItem("landscape-theme", dark ? "dark" : "light");
      } catch {
        /* storage may be forbidden */
      }
    }
    const dialog = event.target.closest("#help dialog");
    if (dialog && event.target === dialog) dialog.close();
    const tab = event.target.closest("[data-panel-tab]");
    if (tab) page.panel(tab.dataset.panelTab);
    const view = event.target.closest("[data-view-button]");
    if (view) page.show(view.dataset.viewButton);
  });
  page.on("panel", (name) =>
    document.querySelectorAll("[data-panel-tab]").forEach((tab) => tab.setAttribute("aria-selected", String(tab.dataset.panelTab === name)))
  );
  document.addEventListener("DOMContentLoaded", () => {
    let theme = null;
    try {
      theme = localStorage.getItem("landscape-theme");
    } catch {
      /* storage may be forbidden */
    }
    if (theme) document.body.classList.toggle("dark", theme === "dark");
  });
}
