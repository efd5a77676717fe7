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
  const link = (path, text) => { const made = make("a", "", text); made.href = `${base}${path}.html`; return made; };
  const entity = (level) => ([slug, names, ...cells]) => {
    const name = typeof names === "string" ? names : names[T.at];
    return [label(slug ? link(`${level}/${slug}`, name) : name), ...numbers(cells)];
  };
  const ROW = {
    trend: ([year, ...cells]) => [label(year), ...numbers(cells)],
    profile: ([area, rank, papers, adjusted, shares, times]) => [label(link(`area/${area}`, T.areas[area])), ...numbers([rank, papers, adjusted]),
      make("td", "num", shares[0], ...shares.slice(1).reverse().flatMap((share) => [make("br"), make("span", "soft", share)])), make("td", "num", times)],
    collaboration: ([year, ...cells]) => [label(year), ...numbers(cells)],
    cities: entity("city"),
    venues: ([venue, ...cells]) => [label(venue), ...numbers(cells)],
    members: entity("institution"),
    partners: entity(pack.split("/")[0]),
    strings: ([string, papers, sure]) => { const one = label(string); one.className = "raw"; return [one, ...numbers([papers, sure || T.decided])]; },
  };

  /** What the charts show, from the numbers of the tables: who is beside whom, and a row a year or area. */
  const number = (text) => (text === "–" ? null : Number(text.replace(/[,%]/g, "")) / (text.endsWith("%") ? 100 : 1));
  const CHART = {
    trend: (rows, own) => [[own], rows.map(([year, matched]) => [year, number(matched)]).reverse()],
    profile: (rows, own) => [[own, ...[T.world, T.home].slice(0, rows[0][4].length - 1)], rows.map(([area, , , , shares]) => [T.areas[area], ...shares.map(number)])],
    collaboration: (rows) => [T.shares, rows.map(([year, , ...shares]) => [year, ...shares.map(number)]).reverse()],
  };

  Promise.all([affil.load(pack), affil.load(`${pack.split("/")[0]}-${root.dataset.language}`)]).then(([tables, common]) => {
    T = common;
    document.querySelector(".two").insertAdjacentHTML("beforeend", T.tables);
    const own = document.querySelector("h1").textContent;
    for (const section of document.querySelectorAll("[data-table]")) {
      const name = section.dataset.table, rows = tables[name], hint = section.querySelector(".hint");
      if (!rows) { section.remove(); continue; }
      if (name in said) hint.textContent = affil.say(hint.textContent, said[name]);
      section.querySelector("tbody").replaceChildren(...rows.map((row) => make("tr", "", ...ROW[name](row))));
      section.hidden = false;
      const figure = section.querySelector("figure.chart");
      if (figure) {
        const [who, shown] = CHART[name](rows, own);
        affil.fill(figure, { label: `${own}${T.colon}${figure.dataset.title}`, columns: [T.first[name], ...who], rows: shown });
      }
    }
    affil.alone();
  });
})();
