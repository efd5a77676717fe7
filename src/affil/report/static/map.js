"use strict";
/* The map: circles for cities or institutions, or for the partners of one of them. Vega draws and moves it (drawing/worldmap.py). */
(() => {
  const PARTS = { world: [450, 207.5, 1], asia: [710.3, 130.5, 3.6], europe: [470.4, 73.1, 5], america: [236.3, 106.3, 3.4] };  // see `at` there
  const figure = document.getElementById("chart"), plot = figure.querySelector(".plot"), form = document.getElementById("map-form");
  const { escape, say } = affil, whole = new Intl.NumberFormat("en"), two = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const value = (name) => form.elements[name].value, part = (name) => { const [x, y, k] = PARTS[name] ?? PARTS.world; return { x, y, k }; };
  let view, kit, lastPart, start;

  /** How many papers of a slice an entity shares with each other one. */
  affil.partners = (engine, query, chosen) => {
    const weights = engine.weights(query), places = engine.places(query), shared = new Map();
    for (let paper = 0, row = 0; paper < engine.n.length; paper++) {
      const rows = Math.abs(engine.n[paper]), there = new Set();
      if (!weights[engine.paperCell[paper]]) { row += rows; continue; }
      for (const end = row + rows; row < end; row++) {
        const to = places[engine.inst[row]];
        if (typeof to === "number") there.add(to); else for (const [entity] of to) there.add(entity);
      }
      if (!there.delete(chosen)) continue;
      there.delete(-1);
      for (const entity of there) shared.set(entity, (shared.get(entity) ?? 0) + 1);
    }
    return [...shared].sort((a, b) => b[1] - a[1] || engine.entities[query.level].order[a[0]] - engine.entities[query.level].order[b[0]]);
  };

  const keep = () => {
    const { x, y, k } = part(value("zoom")), options = { level: value("level"), by: value("by"), area: value("area"), zoom: value("zoom") }, at = view?.signal("at");
    if (at && (Math.abs(at.k - k) > 1e-6 || Math.hypot(at.x - x, at.y - y) > 0.5)) options.view = [at.x.toFixed(1), at.y.toFixed(1), at.k.toFixed(2)].join(",");
    if (kit?.picked.length) options.who = kit.who();
    affil.keep(options);
  };

  affil.drawMap = async (given) => {
    kit = given;
    const { engine, names, picked, T } = kit, level = value("level"), by = value("by"), { at, country } = engine.entities[level];
    for (let k = picked.length - 1; k >= 0; k--) if (picked[k][0] !== level) picked.splice(k, 1);
    kit.chips();
    const query = { ...kit.slice(value("area")), level, by, years: engine.window }, chosen = picked[0]?.[1], floor = by === "index" ? engine.offset : 0;
    const rows = chosen === undefined ? engine.rank(query).filter((r) => r[by] > floor).map((r) => [r.e, r[by], r.rank]) : affil.partners(engine, query, chosen).map(([e, papers], k, all) => [e, papers, all.findIndex((p) => p[1] === papers) + 1]);
    const measure = chosen === undefined ? T.measures[by] : T.shared, unit = chosen === undefined && by !== "publications" ? two : whole;
    const most = (rows[0]?.[1] ?? 1) - (chosen === undefined ? floor : 0);
    const page = (of, e) => (engine.entities[of].slug[e] ? `${of}/${engine.entities[of].slug[e]}.html` : "");
    const circle = ([e, shown], own) => ({ e, lon: at[e][0], lat: at[e][1], value: own ? most : shown - (chosen === undefined ? floor : 0), name: names[level][e][0], place: level === "institution" ? `${names[level][e][2]}${country[e]}` : String(e), page: level === "city" && !own ? page(level, e) : "", told: own ? names[level][e][0] : `${kit.label(level, e)}${kit.T.colon}${unit.format(shown)}`, chosen: own });
    const circles = rows.filter(([e]) => at[e].length).map((row) => circle(row, false));
    if (chosen !== undefined && at[chosen].length) circles.unshift(circle([chosen, 0], true));
    const title = chosen === undefined ? `${T.label} – ${T.levels[level]}, ${measure}` : say(T.map_partners, names[level][chosen][0], `${engine.window.join("–")}`);
    document.getElementById("status").textContent = chosen === undefined ? "" : rows.length ? title : `${title}: ${T.no_data}`;
    const table = document.getElementById("map-table"), top = rows[0]?.[1] || 1;
    table.tHead.rows[0].cells[1].textContent = T.levels[level];
    table.tHead.rows[0].cells[2].textContent = measure;
    table.tBodies[0].innerHTML = rows.slice(0, T.mapped).map(([e, shown, rank]) => { const [name, , place] = names[level][e]; return `<tr><td class="num">${rank}</td><th scope="row">${page(level, e) ? `<a href="${page(level, e)}">${escape(name)}</a>` : escape(name)}${place ? ` <span class="place">${escape(place)}</span>` : ""}</th><td class="num by" style="--w:${((100 * shown) / top).toFixed(1)}%">${unit.format(shown)}</td></tr>`; }).join("");
    const [x, y, k] = (affil.options().get("view") ?? "").split(",").map(Number), fresh = !view;
    const go = start === undefined && k >= 1 ? { x, y, k } : start === undefined || value("zoom") !== lastPart ? part(value("zoom")) : null;
    [lastPart, start] = [value("zoom"), true];
    const table_ = [[T.levels[level], ...T.columns.slice(1, 3), measure], rows.map(([e, shown]) => [names[level][e][0], ...(at[e].length ? at[e] : ["", ""]), shown])];
    await affil.chart(figure, { label: title, columns: table_[0], rows: table_[1], values: circles, nothing: T.no_data });
    if (go && view) await view.signal("go", go).runAsync();
    keep();
  };

  /** The first drawing comes before the data of other choices. */
  const begun = () => new Promise((done) => { if (view) done(view); else { figure.addEventListener("affil-drawn", () => done(view), { once: true }); affil.wake(figure); } });
  figure.addEventListener("affil-drawn", ({ detail }) => {
    view = detail;
    let waiting;
    view.addSignalListener("at", (_, at) => { plot.style.touchAction = at.k > 1 ? "none" : "pan-y"; clearTimeout(waiting); waiting = setTimeout(keep, 80); });
    view.addEventListener("pointerdown", (event) => { start = true; dragged = [event.clientX, event.clientY]; });
    view.addEventListener("click", (event, item) => {
      if (!item?.datum?.told || Math.hypot(event.clientX - dragged[0], event.clientY - dragged[1]) > 4) return;
      const { e, page } = item.datum;
      // A city's circle leads to its page, if it has one; others show with whom they share papers.
      if (page) location.assign(page);
      else if (e !== undefined) window.dispatchEvent(new CustomEvent("affil-pick", { detail: [value("level"), e] }));
    });
  });
  let dragged = [0, 0];
  plot.addEventListener("wheel", (event) => { if (view && (view.signal("at").k > 1 || event.deltaY < 0)) event.preventDefault(); }, { passive: false });
  const push = async (by, x = 0, y = 0) => { await (await begun()).signal("push", { by, x, y }).runAsync(); };
  plot.addEventListener("keydown", (event) => {
    const act = { "+": [1.5], "=": [1.5], "-": [1 / 1.5], 0: [0], ArrowLeft: [1, -60, 0], ArrowRight: [1, 60, 0], ArrowUp: [1, 0, -60], ArrowDown: [1, 0, 60] }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    push(...act);
  });
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => push(Number(button.dataset.zoom)));
  window.addEventListener("hashchange", () => { start = undefined; });
  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", figure.dataset.title);
})();
