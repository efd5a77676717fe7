"use strict";
/* What every page has: the theme, and languages that keep the view. */
(() => {
  const root = document.documentElement;
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("affil-theme", root.dataset.theme); } catch { /* a page from a folder may keep nothing */ }
  });
  // What slides sideways can be slid by keys.
  for (const place of document.querySelectorAll(".scroll, .chart")) if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
  // Languages and levels show the view that the reader has made.
  for (const link of document.querySelectorAll(".languages a, .tabs a"))
    link.addEventListener("click", () => { link.href = link.href.split("#")[0] + location.hash; });
})();
