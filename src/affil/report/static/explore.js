"use strict";
/* Trends, map and profiles: charts redrawn for the reader's choices. Without scripts, the prebuilt ones remain. */
(() => {
  const $ = (id) => document.getElementById(id);
  const T = JSON.parse($("texts").textContent), root = document.documentElement, language = root.dataset.language;
  const say = (text, ...values) => text.replace(/\{(\d)\}/g, (_, k) => values[k]);
  const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
  const whole = new Intl.NumberFormat("en"), two = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }), signed = new Intl.NumberFormat("en", { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 0 });
  const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8C6BB1", "#7F7F7F"], SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"];
  const DASHES = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [6, 3], [2, 2], [8, 3, 2, 3]];
  const form = $("trend-form") ?? $("map-form") ?? $("profile-form"), status = $("status");
  let engine, names, searching, begun;

  const vega = () => (vega.waiting ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${root.dataset.root}static/vega.js`;
    script.type = "text/javascript";
    script.onload = done;
    script.onerror = () => failed(new Error("vega.js"));
    document.head.append(script);
  }));
  const begin = () => (begun ??= (async () => {
    [engine, names, searching] = await Promise.all([affil.engine(), affil.load(`names-${language}`), affil.load("search")]);
    if (!picked.length) picked.push(...T.first.map((code) => ["country", engine.entities.country.code.indexOf(code)]));
    suggest();
  })().catch((error) => { begun = undefined; status.textContent = say(T.not_loaded, error.message); throw error; }));

  const show = async (spec, label) => {
    await vega();
    const place = document.createElement("div"), view = await vegaEmbed(place, spec, { renderer: "svg", actions: false, ast: true });
    const svg = place.querySelector("svg");
    place.style.display = "block";
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    if (!svg.hasAttribute("viewBox")) svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
    svg.style.maxWidth = `${svg.getAttribute("width")}px`;
    svg.removeAttribute("width"); svg.removeAttribute("height");
    $("chart").replaceChildren(place);
    return view;
  };

  const every = () => ({ areas: new Set(engine.areas.map((_, k) => k)), outside: true, without: new Set(), kind: "", rollUp: engine.rollUp });
  const slice = (area) => (area === "" ? every() : { ...every(), areas: new Set([Number(area)]), outside: false });

  // Entities to show: found by any name, most papers first.
  const picked = [];
  const levels = () => (T.page === "areas" ? ["country", "institution"] : [form.elements.level.value]);
  const label = (level, e) => { const [name, , place] = names[level][e]; return place && level !== "country" ? `${name} (${place})` : name; };
  const find = (text) => {
    const wanted = affil.fold(text, searching.script), out = [];
    for (const level of levels()) {
      const rank = engine.rank({ ...every(), level, by: "publications", years: engine.years }).map((r) => r.e);
      for (const e of rank) {
        const words = [label(level, e), ...names[level][e].slice(0, 2), ...searching.names[level][e]].map((n) => affil.fold(n, searching.script));
        const score = words.includes(wanted) ? 0 : words.some((w) => w.startsWith(wanted)) ? 1 : words.some((w) => w.includes(wanted)) ? 2 : 3;
        if (score < 3) out.push([score, out.length, level, e]);
      }
    }
    return out.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, 12).map(([, , level, e]) => [level, e]);
  };
  const suggest = () => {
    const field = $("pick");
    if (!field) return;
    const text = field.value.trim();
    const found = text ? find(text) : [];
    $("found").innerHTML = found.map(([level, e]) => `<option value="${escape(label(level, e))}"></option>`).join("");
  };
  const add = () => {
    const field = $("pick"), text = field.value.trim(), found = text ? find(text)[0] : null;
    if (!found) { if (text) status.textContent = T.nothing; return; }
    if (!picked.some(([level, e]) => level === found[0] && e === found[1])) picked.push(found);
    if (picked.length > (T.page === "areas" ? 4 : 8)) picked.shift();
    field.value = "";
    status.textContent = "";
    draw();
  };
  const chips = () => {
    if (!$("picked")) return;
    $("picked").innerHTML = picked.map(([level, e], k) => `<li><button type="button" data-k="${k}" aria-label="${escape(say(T.remove, names[level][e][0]))}">${escape(names[level][e][0])} ×</button></li>`).join("");
  };
  const first = (level, n, by, years) => engine.rank({ ...every(), level, by, years }).slice(0, n).map((r) => [level, r.e]);

  const address = (values) => history.replaceState(null, "", `#${new URLSearchParams(values)}`);
  const ids = (level) => (level === "country" ? engine.entities.country.code : engine.entities[level].slug);
  const restore = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const [name, value] of given) { const field = form.elements[name]; if (field?.type === "checkbox") field.checked = value === "1"; else if (field && name !== "who") field.value = value; }
    picked.length = 0;
    for (const one of (given.get("who") ?? "").split(".").filter(Boolean)) {
      const [level, id] = one.split(":"), e = engine.entities[level] ? (/^#/.test(id) ? Number(id.slice(1)) : ids(level).indexOf(id)) : -1;
      if (e >= 0) picked.push([level, e]);
    }
  };
  const who = () => picked.map(([level, e]) => `${level}:${ids(level)?.[e] || `#${e}`}`).join(".");

  const drawTrend = async () => {
    const value = (name) => form.elements[name].value, level = value("level"), by = value("by"), mode = value("mode");
    const years = [Number(value("from")), Number(value("to"))].sort((a, b) => a - b);
    for (let k = picked.length - 1; k >= 0; k--) if (picked[k][0] !== level) picked.splice(k, 1);
    let asked = { ...slice(value("area")), level, by, years };
    status.textContent = "";
    if (form.elements.panel.checked) {
      const kept = new Set(engine.everyYear(asked));
      if (!kept.size) status.textContent = T.panel_none;
      asked = { ...asked, without: new Set(engine.venues.map((_, k) => k).filter((k) => !kept.has(k))) };
    }
    if (!picked.length) picked.push(...first(level, 3, "publications", years));
    chips();
    const people = by === "authors" ? await affil.load("people") : null, found = engine.byYear(asked, people);
    const series = picked.map(([, e]) => {
      const raw = found.map(([, rows]) => rows.get(e)?.[mode === "share" && by === "adjusted" ? "share" : by] ?? 0);
      if (mode === "share" && by !== "adjusted") return raw.map((v, k) => { let sum = 0; for (const r of found[k][1].values()) sum += r[by]; return sum ? v / sum : 0; });
      if (mode === "growth") return raw.map((v) => (raw[0] > 0 ? v / raw[0] - 1 : null));
      return raw;
    });
    const label = picked.map(([, e]) => names[level][e][0]), unit = mode === "absolute" ? (by === "adjusted" || by === "index" ? two : whole) : mode === "share" ? percent : signed;
    const spec = structuredClone(T.spec), n = picked.length, title = `${T.measures[by]}${mode === "absolute" ? "" : ` – ${form.elements.mode.selectedOptions[0].text}`}`;
    spec.data.values = series.flatMap((values, k) => values.map((v, i) => ({ year: found[i][0], who: label[k], value: v })).filter((v) => v.value !== null));
    spec.encoding.y.title = title;
    spec.encoding.y.axis.format = mode === "absolute" ? "~s" : mode === "share" ? ".1~%" : "+.0%";
    spec.encoding.color.scale = { domain: label, range: COLOURS.slice(0, n) };
    spec.encoding.strokeDash.scale = { domain: label, range: DASHES.slice(0, n) };
    spec.encoding.shape.scale = { domain: label, range: SHAPES.slice(0, n) };
    Object.assign(spec.encoding.tooltip[2], { title: T.measures[by], format: mode === "absolute" ? ",.2~f" : ".1%" });
    const total = (values) => (values.length > 1 && values[0] > 0 ? signed.format(values.at(-1) / values[0] - 1) : "–");
    $("trend-table").tHead.innerHTML = `<tr><th>${T.levels[level]}</th>${found.map(([y]) => `<th class="num">${y}</th>`).join("")}<th class="num">${T.growth}</th></tr>`;
    $("trend-table").tBodies[0].innerHTML = picked.map(([, e], k) => `<tr data-e="${e}"><th scope="row">${escape(label[k])}</th>${series[k].map((v) => `<td class="num">${v === null ? "–" : unit.format(v)}</td>`).join("")}<td class="num">${total(found.map(([, rows]) => rows.get(e)?.[by] ?? 0))}</td></tr>`).join("");
    address({ level, by, mode, area: value("area"), from: years[0], to: years[1], panel: form.elements.panel.checked ? 1 : 0, who: who() });
    await show(spec, say(T.trend_chart, T.measures[by], label.join(", ")));
  };

  const ZOOM = { world: {}, asia: { center: [115, 30], scale: 620 }, europe: { center: [10, 51], scale: 760 }, america: { center: [-96, 39], scale: 620 } };
  const drawMap = async () => {
    const value = (name) => form.elements[name].value, level = value("level"), by = value("by"), at = engine.entities[level].at;
    const rows = engine.rank({ ...slice(value("area")), level, by, years: engine.window });
    const spec = structuredClone(T.spec), zoom = ZOOM[value("zoom")];
    spec.layer[0].data = await affil.load("world");
    const floor = by === "index" ? engine.offset : 0;
    spec.layer[1].data.values = rows.filter((r) => at[r.e].length && r[by] > floor).map((r) => ({ name: names[level][r.e][0], lon: at[r.e][0], lat: at[r.e][1], value: r[by] - floor, shown: r[by] }));
    spec.layer[1].encoding.tooltip[1] = { ...spec.layer[1].encoding.tooltip[1], field: "shown", title: T.measures[by] };
    if (zoom.scale) spec.projection = { type: "mercator", rotate: [-zoom.center[0], 0, 0], center: [0, zoom.center[1]], scale: zoom.scale };
    const most = rows[0]?.[by] || 1, unit = by === "publications" ? whole : two;
    $("map-table").tHead.rows[0].cells[1].textContent = T.levels[level];
    $("map-table").tHead.rows[0].cells[2].textContent = T.measures[by];
    $("map-table").tBodies[0].innerHTML = rows.slice(0, 50).map((r) => { const [name, , place] = names[level][r.e]; return `<tr><td class="num">${r.rank}</td><th scope="row">${escape(name)}${place ? ` <span class="place">${escape(place)}</span>` : ""}</th><td class="num by" style="--w:${((100 * r[by]) / most).toFixed(1)}%">${unit.format(r[by])}</td></tr>`; }).join("");
    address({ level, by, area: value("area"), zoom: value("zoom") });
    await show(spec, T.label);
  };

  const drawProfile = async () => {
    const years = engine.window, areas = engine.areas;
    if (!picked.length) picked.push(...first("country", 3, "adjusted", years));
    chips();
    const shares = (values) => { const sum = values.reduce((a, b) => a + b, 0); return values.map((v) => (sum ? v / sum : 0)); };
    const all = {};
    for (const level of new Set(picked.map(([l]) => l))) all[level] = new Map(engine.rank({ ...every(), level, by: "adjusted", years }).map((r) => [r.e, r.areas]));
    const world = shares(areas.map((_, a) => { let sum = 0; const one = slice(String(a)); const w = engine.weights({ ...one, years }); let row = 0; for (let p = 0; p < engine.n.length; p++) { const rows = Math.abs(engine.n[p]), x = w[engine.paperCell[p]]; for (const end = row + rows; row < end; row++) if (x) sum += x.all * engine.credit[row]; } return sum; }));
    const lines = [...picked.map(([level, e]) => [names[level][e][0], shares([...(all[level].get(e) ?? areas.map(() => 0))])]), [T.world, world]];
    const there = areas.map((_, a) => a).filter((a) => world[a] > 0), label = lines.map(([name]) => name);
    const spec = structuredClone(T.spec);
    spec.data.values = lines.flatMap(([name, values]) => there.map((a) => ({ who: name, area: T.areas[areas[a]], value: values[a] })));
    spec.encoding.y.sort = there.map((a) => T.areas[areas[a]]);
    spec.encoding.yOffset.sort = label;
    spec.encoding.color.scale = { domain: label, range: [...COLOURS.slice(0, label.length - 1), "#999999"] };
    address({ who: who() });
    await show(spec, T.label);
  };

  const DRAW = { trends: drawTrend, map: drawMap, areas: drawProfile };
  const draw = () => begin().then(async () => {
    $("chart").classList.add("busy");
    try { await DRAW[T.page](); } finally { $("chart").classList.remove("busy"); }
  }).catch((error) => { status.textContent = say(T.not_loaded, error.message); });

  form.addEventListener("change", (event) => { if (event.target.id === "pick") add(); else draw(); });
  form.addEventListener("submit", (event) => { event.preventDefault(); if ($("pick")) begin().then(add).catch(() => {}); });
  $("pick")?.addEventListener("focus", () => begin().catch(() => {}));
  $("pick")?.addEventListener("input", () => begin().then(suggest).catch(() => {}));
  $("picked")?.addEventListener("click", (event) => { const k = event.target.dataset.k; if (k !== undefined) begin().then(() => { picked.splice(Number(k), 1); draw(); }).catch(() => {}); });
  const again = () => begin().then(() => { restore(); return draw(); }).catch(() => {});
  window.addEventListener("hashchange", again);
  if (location.hash.length > 1) again();
})();
