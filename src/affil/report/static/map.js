"use strict";
/* The map: circles for cities or institutions, or for the partners of one of them; zoomed and moved by wheel, buttons, keys and fingers. */
(() => {
  const WIDTH = 900, HEIGHT = 415, CLOSEST = 60, LARGEST = 17, LINES = 80, LABELS = 24;  // LABELS, LINES: at most so many are drawn
  const PARTS = { world: [0, 8, 1], asia: [112, 31, 3.6], europe: [10, 51, 5], america: [-96, 39, 3.4] };  // longitude, latitude, zoom
  const figure = document.getElementById("chart"), plot = figure.querySelector(".plot"), land = plot.querySelector(".land")?.getAttribute("d"), form = document.getElementById("map-form");
  const { escape, say } = affil, whole = new Intl.NumberFormat("en"), two = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  let view = null, circles = [], lines = [], most = 1, kit = null;

  /** Where a place is on a map of WIDTH by HEIGHT pixels: the Equal Earth projection of report/worldmap.py. */
  const project = (lon, lat) => {
    const t = Math.asin((Math.sqrt(3) / 2) * Math.sin((lat * Math.PI) / 180)), s = t * t, six = s * s * s;
    const slope = 9 * 0.003796 * six * s + 7 * 0.000893 * six - 3 * 0.081106 * s + 1.340264;
    return [450 + (166 * 2 * Math.sqrt(3) * ((lon * Math.PI) / 180) * Math.cos(t)) / (3 * slope), 232 - 166 * t * (0.003796 * six * s + 0.000893 * six - 0.081106 * s + 1.340264)];
  };
  const part = (name) => { const [lon, lat, k] = PARTS[name] ?? PARTS.world, [x, y] = k > 1 ? project(lon, lat) : [WIDTH / 2, HEIGHT / 2]; return { x, y, k }; };

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

  /** Circles of one place side by side, as close to their centre as they fit, the largest first. */
  const packed = (group) => {
    const done = [];
    let last = 0;
    for (const one of group) {
      // Along a spiral as narrow as the circle; the gaps within are looked through for the first only, which are the large ones.
      const step = one.r + 0.5;
      for (let far = done.length < 40 ? 0 : last * 0.9, angle = 0; ; angle += step / Math.max(far, step), far += step ** 2 / Math.max(far, step) / 6.3) {
        const x = far * Math.cos(angle), y = far * Math.sin(angle);
        if (done.some((d) => (d.dx - x) ** 2 + (d.dy - y) ** 2 < (d.r + one.r + 0.6) ** 2)) continue;
        [one.dx, one.dy, last] = [x, y, far];
        break;
      }
      done.push(one);
    }
  };

  const size = () => { const width = Math.max(280, plot.clientWidth || WIDTH); return [width, Math.round(Math.max(300, (width * HEIGHT) / WIDTH))]; };
  const bounded = (value, low, high) => Math.min(Math.max(value, low), high);

  const render = () => {
    const [width, height] = size(), scale = (width / WIDTH) * view.k, spread = bounded((view.k - 1.5) / 2.5, 0, 1), grown = bounded(width / WIDTH, 0.6, 1) * view.k ** 0.3;
    view.x = bounded(view.x, Math.min(WIDTH / 2, width / 2 / scale), Math.max(WIDTH / 2, WIDTH - width / 2 / scale));
    view.y = bounded(view.y, Math.min(HEIGHT / 2, height / 2 / scale), Math.max(HEIGHT / 2, HEIGHT - height / 2 / scale));
    const at = ([x, y]) => [(x - view.x) * scale + width / 2, (y - view.y) * scale + height / 2];
    const groups = new Map();
    for (const one of circles) {
      Object.assign(one, { r: Math.max(1.5, LARGEST * grown * Math.sqrt(one.value / most)), dx: 0, dy: 0 });
      if (spread && one.place) groups.set(one.place, [...(groups.get(one.place) ?? []), one]);
    }
    groups.forEach(packed);
    const seen = [], texts = [], boxes = [], curves = [];
    for (const one of circles) {
      const [x, y] = at(groups.get(one.place)?.[0].at ?? one.at);
      [one.x, one.y] = [x + one.dx * spread, y + one.dy * spread];
      if (one.x < -one.r || one.y < -one.r || one.x > width + one.r || one.y > height + one.r) continue;
      seen.push(`<circle data-e="${one.e}"${one.page ? ` data-page="${one.page}"` : ""} cx="${one.x.toFixed(1)}" cy="${one.y.toFixed(1)}" r="${one.r.toFixed(1)}"${one.chosen ? ' fill="#D55E00" stroke="#D55E00"' : ""}><title>${escape(one.told)}</title></circle>`);
      const box = { left: one.x + one.r + 3, top: one.y - 8, wide: [...one.name].reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e7f ? 12.5 : 7), 0) };
      if (texts.length < LABELS * Math.min(1, width / WIDTH) && box.left + box.wide < width && box.top > 0 && box.top < height - 14 && !boxes.some((b) => box.left < b.left + b.wide && b.left < box.left + box.wide && Math.abs(box.top - b.top) < 15)) {
        boxes.push(box);
        texts.push(`<text x="${box.left.toFixed(1)}" y="${(one.y + 4).toFixed(1)}">${escape(one.name)}</text>`);
      }
    }
    const from = circles.find((one) => one.chosen);
    for (const one of from ? lines : []) {
      const [mx, my] = [(from.x + one.x) / 2 - (one.y - from.y) * 0.15, (from.y + one.y) / 2 + (one.x - from.x) * 0.15];
      curves.push(`<path d="M${from.x.toFixed(1)} ${from.y.toFixed(1)}Q${mx.toFixed(1)} ${my.toFixed(1)} ${one.x.toFixed(1)} ${one.y.toFixed(1)}" stroke-width="${(0.5 + 4 * Math.sqrt(one.value / most)).toFixed(1)}"/>`);
    }
    const move = `translate(${(width / 2 - view.x * scale).toFixed(2)} ${(height / 2 - view.y * scale).toFixed(2)}) scale(${scale.toFixed(4)})`;
    if (!plot.querySelector(".drawn"))
      plot.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg" role="img"><path class="land" d="${land}" fill="currentColor" fill-opacity=".1" stroke="currentColor" stroke-opacity=".3" stroke-width=".5" vector-effect="non-scaling-stroke"/><g class="drawn"></g></svg>`;
    const svg = plot.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("aria-label", figure.dataset.title);
    svg.querySelector(".land").setAttribute("transform", move);
    svg.querySelector(".drawn").innerHTML = `<g fill="none" stroke="#D55E00" stroke-opacity=".35">${curves.join("")}</g><g class="points" fill="#2A8CD0" fill-opacity=".6" stroke="#2A8CD0" stroke-width=".8">${seen.join("")}</g><g fill="currentColor" font-family="system-ui, 'Noto Sans', sans-serif" font-size="12" pointer-events="none">${texts.join("")}</g>`;
    plot.style.touchAction = view.k > 1 ? "none" : "pan-y";
  };

  /** Zoom by a factor, a point of the picture (in pixels) staying where it is. */
  const zoom = (factor, x, y) => {
    const [width, height] = size(), k = bounded(view.k * factor, 1, CLOSEST), by = WIDTH / width, [fx, fy] = [(x ?? width / 2) - width / 2, (y ?? height / 2) - height / 2];
    view = { x: view.x + fx * by * (1 / view.k - 1 / k), y: view.y + fy * by * (1 / view.k - 1 / k), k };
    moved();
  };
  const pan = (dx, dy) => { const by = WIDTH / size()[0] / view.k; view.x -= dx * by; view.y -= dy * by; moved(); };
  let waiting = 0;
  const moved = () => { waiting ||= requestAnimationFrame(() => { waiting = 0; render(); keep(); }); };
  const keep = () => {
    const value = (name) => form.elements[name].value, { x, y, k } = part(value("zoom")), options = { level: value("level"), by: value("by"), area: value("area"), zoom: value("zoom") };
    if (Math.abs(view.k - k) > 1e-6 || Math.hypot(view.x - x, view.y - y) > 0.5) options.view = [view.x.toFixed(1), view.y.toFixed(1), view.k.toFixed(2)].join(",");
    if (kit.picked.length) options.who = kit.who();
    affil.keep(options);
  };

  let lastPart;
  affil.drawMap = async (given) => {
    kit = given;
    const { engine, names, picked, T } = kit, value = (name) => form.elements[name].value, level = value("level"), by = value("by"), { at, country } = engine.entities[level];
    for (let k = picked.length - 1; k >= 0; k--) if (picked[k][0] !== level) picked.splice(k, 1);
    kit.chips();
    const query = { ...kit.slice(value("area")), level, by, years: engine.window }, chosen = picked[0]?.[1], floor = by === "index" ? engine.offset : 0;
    const rows = chosen === undefined ? engine.rank(query).filter((r) => r[by] > floor).map((r) => [r.e, r[by], r.rank]) : affil.partners(engine, query, chosen).map(([e, papers], k, all) => [e, papers, all.findIndex((p) => p[1] === papers) + 1]);
    const measure = chosen === undefined ? T.measures[by] : T.shared, unit = chosen === undefined && by !== "publications" ? two : whole;
    most = (rows[0]?.[1] ?? 1) - (chosen === undefined ? floor : 0);
    const page = (of, e) => (engine.entities[of].slug[e] ? `${of}/${engine.entities[of].slug[e]}.html` : "");
    const circle = ([e, shown], own) => ({ e, at: project(...at[e]), value: own ? most : shown - (chosen === undefined ? floor : 0), name: names[level][e][0], place: level === "institution" ? `${names[level][e][2]}${country[e]}` : "", page: level === "city" && !own ? page(level, e) : "", told: own ? names[level][e][0] : `${kit.label(level, e)}: ${unit.format(shown)}`, chosen: own });
    circles = rows.filter(([e]) => at[e].length).map((row) => circle(row, false));
    lines = chosen === undefined ? [] : circles.slice(0, LINES);
    if (chosen !== undefined && at[chosen].length) circles.unshift(circle([chosen, 0], true));
    const title = chosen === undefined ? `${T.label} – ${T.levels[level]}, ${measure}` : say(T.map_partners, names[level][chosen][0], `${engine.window.join("–")}`);
    figure.dataset.title = figure.querySelector(".alone").textContent = title;
    figure.shown = [[T.levels[level], ...T.columns.slice(1, 3), measure], rows.map(([e, shown]) => [names[level][e][0], ...(at[e].length ? at[e] : ["", ""]), shown])];
    document.getElementById("status").textContent = chosen === undefined ? "" : rows.length ? title : `${title}: ${T.no_data}`;
    const table = document.getElementById("map-table"), top = rows[0]?.[1] || 1;
    table.tHead.rows[0].cells[1].textContent = T.levels[level];
    table.tHead.rows[0].cells[2].textContent = measure;
    table.tBodies[0].innerHTML = rows.slice(0, T.mapped).map(([e, shown, rank]) => { const [name, , place] = names[level][e]; return `<tr><td class="num">${rank}</td><th scope="row">${page(level, e) ? `<a href="${page(level, e)}">${escape(name)}</a>` : escape(name)}${place ? ` <span class="place">${escape(place)}</span>` : ""}</th><td class="num by" style="--w:${((100 * shown) / top).toFixed(1)}%">${unit.format(shown)}</td></tr>`; }).join("");
    const [x, y, k] = (affil.options().get("view") ?? "").split(",").map(Number);
    if (view === null && k >= 1) view = { x, y, k: Math.min(k, CLOSEST) };
    else if (view === null || value("zoom") !== lastPart) view = part(value("zoom"));
    lastPart = value("zoom");
    render();
    keep();
  };

  /** What moves the map comes before its data where a reader is fast. */
  const begin = () => { if (!kit) form.dispatchEvent(new Event("change", { bubbles: true })); return kit !== null; };
  const place = (event) => { const box = plot.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  plot.addEventListener("wheel", (event) => {
    if (!kit || view.k > 1 || event.deltaY < 0) event.preventDefault();
    if (begin()) zoom(1.0022 ** -event.deltaY, ...place(event));
  }, { passive: false });
  const fingers = new Map();
  let dragged = 0;
  plot.addEventListener("pointerdown", (event) => { if (!event.target.closest("button")) { fingers.set(event.pointerId, place(event)); dragged = 0; if (fingers.size > 1 || !event.target.dataset.page) begin(); } });
  window.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before || !kit) return;
    const now = place(event), other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const far = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      zoom(far(now) / Math.max(1, far(before)), ...other);
    } else if (view.k > 1) pan(now[0] - before[0], now[1] - before[1]);
    dragged += Math.hypot(now[0] - before[0], now[1] - before[1]);
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, (event) => fingers.delete(event.pointerId));
  plot.addEventListener("click", (event) => {
    const { e, page: address } = event.target.dataset;
    // A city's circle leads to its page, if it has one; others show with whom they share papers.
    if (dragged < 4 && address) location.assign(address);
    else if (dragged < 4 && e && kit) window.dispatchEvent(new CustomEvent("affil-pick", { detail: [form.elements.level.value, Number(e)] }));
  });
  plot.addEventListener("keydown", (event) => {
    const act = { "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => zoom(0), ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0), ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (begin()) act();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => { if (begin()) zoom(Number(button.dataset.zoom)); });
  window.addEventListener("resize", () => { if (kit) moved(); });
  window.addEventListener("hashchange", () => { view = null; });
  plot.tabIndex = 0;
  plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", plot.querySelector("svg")?.getAttribute("aria-label") ?? "");
})();
