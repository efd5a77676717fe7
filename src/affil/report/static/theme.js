"use strict";
/* The theme, and that there are scripts: before anything is drawn, so this script is not deferred. */
((root) => {
  const options = new URLSearchParams(location.hash.slice(1));
  let theme = options.get("theme");
  try { theme ??= localStorage.getItem("affil-theme"); } catch { /* pages opened from a folder may have no storage */ }
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  root.classList.add("js", ...(options.has("embed") ? ["embed"] : []));
})(document.documentElement);
