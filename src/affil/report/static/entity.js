"use strict";
/* The tables of an institution's, a city's or a country's page: their rows are the same in every language and stand in one file for all,
   their heads are the same in all pages of a level and stand in one file for each language. */
(() => {
  const { pack, said } = JSON.parse(document.getElementById("texts").textContent), root = document.documentElement;
  let T;
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
    profile: ([area, rank, papers, adjusted, at, shares, times]) => {
      const dots = at.map((left, k) => { const dot = make("span", `dot ${["own", "world", "home"][k]}`); dot.style.left = `${left}%`; return dot; });
      return [label(link(`area/${area}`, T.areas[area])), ...numbers([rank, papers, adjusted]),
        make("td", "wide", make("span", "dots", ...dots.reverse())),
        make("td", "num", shares[0], ...shares.slice(1).reverse().flatMap((share) => [make("br"), make("span", "soft", share)])), make("td", "num", times)];
    },
    collaboration: ([year, papers, ...parts]) => [label(year), make("td", "num", papers),
      ...parts.flatMap(([part, share]) => [make("td", "wide half", bar(part)), make("td", "num", share)])],
    cities: entity("city"),
    venues: ([venue, ...cells]) => [label(venue), ...numbers(cells)],
    members: entity("institution"),
    partners: entity(pack.split("/")[0]),
    strings: ([string, papers, sure]) => { const one = label(string); one.className = "raw"; return [one, ...numbers([papers, sure || T.decided])]; },
  };

  Promise.all([affil.load(pack), affil.load(`${pack.split("/")[0]}-${root.dataset.language}`)]).then(([tables, common]) => {
    T = common;
    document.querySelector(".two").insertAdjacentHTML("beforeend", T.tables);
    if (tables.profile?.[0][4].length !== 3) document.querySelector(".of-home")?.remove();
    for (const section of document.querySelectorAll("[data-table]")) {
      const name = section.dataset.table, rows = tables[name], hint = section.querySelector(".hint");
      if (!rows) { section.remove(); continue; }
      if (name in said) hint.textContent = affil.say(hint.textContent, said[name]);
      section.querySelector("tbody").replaceChildren(...rows.map((row) => make("tr", "", ...ROW[name](row))));
      section.hidden = false;
      const place = section.querySelector(".scroll");
      if (place.scrollWidth > place.clientWidth) place.tabIndex = 0; // for scrolling by keys
    }
  });
})();
