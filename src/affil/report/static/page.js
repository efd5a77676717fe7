"use strict";
/* Common to all pages: the theme, addresses of views, language links that keep the view, and small tools for other scripts. */
(() => {
  const root = document.documentElement;
  /** The options of a view, which stand in the hash of its address. */
  const options = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");  // else it is a place in the page
  const KEPT = ["theme", "embed"], THEMES = ["dark", "light"];  // options of every page, whatever else its view has
  const unknown = new Map();
  const hash = (values) => {
    const out = new URLSearchParams(values), now = options();
    for (const name of KEPT) if (now.has(name)) out.set(name, now.get(name));
    return String(out);
  };
  window.affil = {
    options,
    say: (text, ...values) => text.replace(/\{(\d)\}/g, (_, k) => values[k]),
    escape: (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]),
    /** Say what an address asks for and this page does not know, by who looked for it; the page shows its defaults instead. */
    unknown: (who, found) => {
      unknown.set(who, found);
      const all = [...unknown.values()].flat(), at = document.getElementById("unknown");
      at.hidden = !all.length;
      at.textContent = all.length ? affil.say(root.dataset.unknown, all.join(", ")) : "";
    },
    /** Set a field of a form to what an address asks for; whether it has such a value. Where it has none it keeps its first one. */
    choose: (field, value) => {
      if (field.type === "checkbox") { field.checked = value === "1"; return value === "0" || value === "1"; }
      if (field.tagName !== "SELECT") { field.value = value; return true; }
      const known = [...field.options].findIndex((one) => one.value === value), first = [...field.options].findIndex((one) => one.defaultSelected);
      field.selectedIndex = known < 0 ? Math.max(first, 0) : known;
      return known >= 0;
    },
    /** Note a view in the address bar. */
    keep: (values) => history.replaceState(null, "", `#${hash(values)}`),
    /** The permanent address of the view, with theme and, where they are given, other options (null: without). */
    address: (more = {}) => {
      const out = options();
      if (root.dataset.theme) out.set("theme", root.dataset.theme);
      for (const [name, value] of Object.entries(more)) if (value === null) out.delete(name); else out.set(name, value);
      const site = root.dataset.address, page = site ? site + root.dataset.path : location.href.split("#")[0];
      return String(out) ? `${page}#${out}` : page;
    },
    copy: async (text) => {
      try { await navigator.clipboard.writeText(text); } catch { prompt("", text); }
    },
    csv: (rows) => {
      const quote = (v) => (/[",\n]/.test(v ?? "") ? `"${String(v).replaceAll('"', '""')}"` : v ?? "");
      return new Blob(["\ufeff", ...rows.map((row) => `${row.map(quote).join(",")}\n`)], { type: "text/csv" });
    },
    save: (blob, name) => {
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  };
  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches, now = options();
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("affil-theme", root.dataset.theme); } catch { /* pages opened from a folder may have no storage */ }
    if (now.has("theme")) { now.set("theme", root.dataset.theme); history.replaceState(null, "", `#${now}`); }
  });
  /** The options of every page; one that has nothing to choose knows no other. */
  const common = () => {
    const theme = options().get("theme"), plain = !document.querySelector("main form"), other = [...options()].filter(([name]) => plain && !KEPT.includes(name));
    if (THEMES.includes(theme)) root.dataset.theme = theme;
    else if (theme !== null) other.push(["theme", theme]);
    if (!affil.alone && options().has("embed")) {
      root.classList.remove("embed");
      other.push(["embed", options().get("embed")]);
    }
    affil.unknown("page", other.map((one) => one.join("=")));
  };
  window.addEventListener("hashchange", common);
  document.addEventListener("DOMContentLoaded", common);  // once the other scripts are there
  // What scrolls sideways is reached by keys too: looked at as it or its content changes size, as tables are filled later.
  const focusable = new ResizeObserver((seen) => {
    for (const { target } of seen) {
      const place = target.closest(".scroll");
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0;
    }
  });
  for (const one of document.querySelectorAll(".scroll, .scroll > *")) focusable.observe(one);
  // Language and level links keep the reader's view.
  for (const link of document.querySelectorAll(".languages a, .tabs a"))
    link.addEventListener("click", () => { link.href = link.href.split("#")[0] + location.hash; });
})();
