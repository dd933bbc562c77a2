/* What the browser remembers, for the page's first event: the session of this tab and the last settings. */
() => {
  const read = (store, name) => {
    try {
      return store.getItem(name) || "";
    } catch {
      return ""; /* storage may be forbidden */
    }
  };
  const own = read(sessionStorage, "landscape-settings");
  return [read(sessionStorage, "landscape-session"), own || read(localStorage, "landscape-settings")];
}
