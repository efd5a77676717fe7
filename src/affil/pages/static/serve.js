// Ctrl and Enter send the form, and what was found is read first. Without this script the page works all the same.
"use strict";

document.getElementById("affiliations")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    event.preventDefault();
    document.getElementById("match").click();
  }
});

document.getElementById("results-title")?.focus();
