// Ctrl+Enter submits the form, and results get the focus. The page works without this script.
"use strict";

document.getElementById("affiliations")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    event.preventDefault();
    document.getElementById("match").click();
  }
});

document.getElementById("results-title")?.focus();
