"use strict";
/* Common to all pages: the theme, and language links that keep the view. */
(() => {
  const root = document.documentElement;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("affil-theme", root.dataset.theme); } catch { /* pages opened from a folder may have no storage */ }
  });
  // Make horizontally scrollable elements focusable, for scrolling by keys.
  for (const place of document.querySelectorAll(".scroll, .chart")) if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  // Language and level links keep the reader's view.
  for (const link of document.querySelectorAll(".languages a, .tabs a"))
    link.addEventListener("click", () => { link.href = link.href.split("#")[0] + location.hash; });
})();
