"use strict";
/* The papers behind an entity's numbers: read when the list is opened, then filtered, sorted and paged here. */
(() => {
  const { pack, not_loaded } = JSON.parse(document.getElementById("texts").textContent), $ = (id) => document.getElementById(id), PAGE = 50;
  const open = $("papers-open"), status = $("papers-status"), body = $("papers-table").tBodies[0];
  const common = `${pack.split("/")[0]}-${document.documentElement.dataset.language}`;
  const withStrings = $("papers-table").tHead.rows[0].cells.length === 4;
  let T, form, pages, papers, shown, page = 0;
  const cell = (tag, name, text) => { const made = document.createElement(tag); if (name) made.className = name; made.textContent = text; return made; };
  const fill = (text, ...values) => text.replace(/\{(\d)\}/g, (_, k) => values[k]);

  const unpack = (held, { runs, titles }) => {
    const ends = [];
    let at = 0, run = 0;
    for (const [, , length] of runs) ends.push(at += length);
    at = 0;
    return held.steps.map((step, k) => {
      at += step;
      while (at >= ends[run]) run++;
      const [venue, year] = runs[run], strings = (held.through[k] ?? []).map((s) => held.strings[s]).join(" · ");
      return { title: titles[at], venue, year, strings, text: affil.fold(`${titles[at]} ${venue} ${year} ${strings}`) };
    });
  };
  const text = (key) => (a, b) => a[key].localeCompare(b[key], "en") || b.year - a.year;
  const ORDER = { newest: (a, b) => b.year - a.year, oldest: (a, b) => a.year - b.year, title: text("title"), venue: text("venue") };

  const draw = () => {
    const rows = shown.slice(page * PAGE, (page + 1) * PAGE);
    body.replaceChildren(...rows.map((p) => {
      const row = document.createElement("tr"), title = cell("th", "", p.title);
      title.scope = "row";
      row.append(cell("td", "num", p.year), cell("td", "", p.venue), title, ...(withStrings ? [cell("td", "raw", p.strings)] : []));
      return row;
    }));
    const number = (n) => n.toLocaleString("en");
    status.textContent = rows.length ? fill(T.papers_shown, number(page * PAGE + 1), number(page * PAGE + rows.length), number(shown.length)) : T.papers_none;
    pages.hidden = shown.length <= PAGE;
    for (const button of pages.children) button.disabled = !shown[(page + Number(button.dataset.step)) * PAGE] || page + Number(button.dataset.step) < 0;
  };
  const choose = () => {
    const words = affil.fold(form.elements.text.value).split(" "), window = form.elements.years.value;
    shown = papers.filter((p) => words.every((w) => p.text.includes(w)) && (!window || (p.year >= T.years[0] && p.year <= T.years[1])));
    shown.sort(ORDER[form.elements.by.value]);
    page = 0;
    draw();
  };
  const show = async () => {
    if (papers) return;
    open.disabled = true;
    try {
      let held, titles;
      [T, held, titles] = await Promise.all([common, `papers/${pack}`, "titles"].map(affil.load));
      papers = unpack(held, titles);
    } catch {
      status.textContent = not_loaded;
      open.disabled = false;
      return;
    }
    build();
    open.hidden = $("papers-why").hidden = true;
    choose();
  };

  const build = () => {
    status.insertAdjacentHTML("beforebegin", T.form);
    $("papers").insertAdjacentHTML("beforeend", T.pages);
    [form, pages] = [$("papers-form"), $("papers-pages")];
    form.addEventListener("input", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    pages.addEventListener("click", (event) => { if (event.target.dataset.step) { page += Number(event.target.dataset.step); draw(); $("papers").scrollIntoView(); } });
  };

  open.addEventListener("click", show);
  // A number of the window leads to the papers of the window.
  const follow = () => { if (location.hash === "#papers") show().then(() => { if (papers) { form.elements.years.value = "window"; choose(); } }); };
  addEventListener("hashchange", follow);
  follow();
})();
