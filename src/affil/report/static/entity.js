"use strict";
/* The tables of an institution's or a country's page: their rows are the same in every language and stand in one file for all. */
(() => {
  const T = JSON.parse(document.getElementById("texts").textContent), root = document.documentElement;
  const base = root.dataset.language === "en" ? root.dataset.root : root.dataset.root.replace(/\.\.\/$/, "");
  const make = (tag, name, ...inside) => { const made = document.createElement(tag); if (name) made.className = name; made.append(...inside); return made; };
  const label = (...inside) => { const made = make("th", "", ...inside); made.scope = "row"; return made; };
  const numbers = (cells) => cells.map((text) => make("td", "num", text));
  const bar = (part, world = "") => { const fill = make("span", `fill ${world}`); fill.style.width = `${part}%`; return make("span", world ? "track thin" : "track", fill); };
  const link = (path, text) => { const made = make("a", "", text); made.href = `${base}${path}.html`; return made; };
  const entity = (level) => ([slug, names, ...cells]) => {
    const name = typeof names === "string" ? names : names[T.at];
    return [label(slug ? link(`${level}/${slug}`, name) : name), ...numbers(cells)];
  };
  const ROW = {
    trend: ([year, part, ...cells]) => [label(year), make("td", "wide", bar(part)), ...numbers(cells)],
    profile: ([area, rank, papers, adjusted, own, world, share, theirs]) => [
      label(link(`area/${area}`, T.areas[area])), ...numbers([rank, papers, adjusted]),
      make("td", "wide", bar(own), bar(world, "world")), make("td", "num", share, make("br"), make("span", "soft", theirs))],
    venues: ([venue, ...cells]) => [label(venue), ...numbers(cells)],
    members: entity("institution"),
    partners: entity(T.pack.split("/")[0]),
    strings: ([string, papers, sure]) => { const one = label(string); one.className = "raw"; return [one, ...numbers([papers, sure || T.decided])]; },
  };

  affil.load(T.pack).then((tables) => {
    for (const section of document.querySelectorAll("[data-table]")) {
      const rows = tables[section.dataset.table];
      if (!rows) continue;
      section.querySelector("tbody").replaceChildren(...rows.map((row) => make("tr", "", ...ROW[section.dataset.table](row))));
      section.hidden = false;
      const place = section.querySelector(".scroll");
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0; // for scrolling by keys
    }
  });
})();
