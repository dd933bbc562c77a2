/* What the browser remembers, for the page's first event: the session of this tab and the last settings. */
async () => {
  const read = (store, name) => {
    try {
      return store.getItem(name) || "";
    } catch {
      return ""; /* storage may be forbidden */
    }
  };
  const own = read(sessionStorage, "landscape-settings");
  return [await window.landscape.tab.session, own || read(localStorage, "landscape-settings")];
}
