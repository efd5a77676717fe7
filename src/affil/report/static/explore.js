"use strict";
/* Trends, map and profiles: charts redrawn for the reader's choices. Without scripts, the prebuilt ones remain. */
(() => {
  const $ = (id) => document.getElementById(id);
  const T = JSON.parse($("texts").textContent), root = document.documentElement, language = root.dataset.language;
  const { say, escape } = affil, gap = language.startsWith("zh") ? "" : " ";  // between sentences
  const whole = new Intl.NumberFormat("en"), two = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  const percent = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 }), signed = new Intl.NumberFormat("en", { style: "percent", signDisplay: "always", maximumFractionDigits: 0 });
  const rounded = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 }), tenths = new Intl.NumberFormat("en", { signDisplay: "exceptZero", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const form = $("trend-form") ?? $("map-form") ?? $("profile-form"), status = $("status"), MOST = { trends: 8, areas: 4, map: 1 };
  const OTHER = new Set(["who", "theme", "embed", "view"]);  // options of an address that are no fields
  let engine, names, searching, begun;

  const begin = () => (begun ??= (async () => {
    [engine, names, searching] = await Promise.all([affil.engine(), affil.load(`names-${language}`), affil.load("search")]);
    if (!picked.length) picked.push(...T.first.map((code) => ["country", engine.entities.country.code.indexOf(code)]));
    const continents = engine.entities.continent.code;
    names.continent = continents.map((code) => [T.continents[code], "", ""]);
    searching.names.continent = continents.map(() => []);
    suggest();
  })().catch((error) => { begun = undefined; status.textContent = say(T.not_loaded, error.message); throw error; }));

  const show = (label, columns, rows, params) => affil.chart($("chart"), { label, columns, rows, nothing: T.no_data, ...params });

  const every = () => ({ areas: new Set(engine.areas.map((_, k) => k)), outside: true, without: new Set(), kind: "", rollUp: engine.rollUp });
  const slice = (area) => (area === "" ? every() : { ...every(), areas: new Set([Number(area)]), outside: false });

  // Entities to show: found by any name, most papers first.
  const picked = [];
  const levels = () => (T.page === "areas" ? ["country", "institution"] : [form.elements.level.value]);
  const label = (level, e) => { const [name, , place] = names[level][e]; return place && level !== "country" ? say(T.beside, name, place) : name; };
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
    if (picked.length > MOST[T.page]) picked.shift();
    field.value = "";
    status.textContent = "";
    draw();
  };
  const chips = () => {
    if (!$("picked")) return;
    $("picked").innerHTML = picked.map(([level, e], k) => `<li><button type="button" data-k="${k}" aria-label="${escape(say(T.remove, names[level][e][0]))}">${escape(names[level][e][0])} ×</button></li>`).join("");
  };
  const first = (level, n, by, years) => engine.rank({ ...every(), level, by, years }).slice(0, n).map((r) => [level, r.e]);

  /** What an entity is called in addresses: its code, its page, or its English name and country. */
  const key = (level, e) => {
    const { code, slug, country } = engine.entities[level], [name, english] = names[level][e];
    return code?.[e] || slug[e] || `${english || name}, ${engine.entities.country.code[country[e]] ?? ""}`;
  };
  const keysOf = (level) => names[level].map((_, e) => key(level, e));
  const restore = () => {
    const given = affil.options();
    const unknown = [];
    for (const [name, value] of given) {
      const field = OTHER.has(name) ? null : form.elements[name];
      if (!OTHER.has(name) && !(field instanceof Element && affil.choose(field, value))) unknown.push(`${name}=${value}`);
    }
    picked.length = 0;
    for (const one of (given.get("who") ?? "").split("|").filter(Boolean)) {
      const level = one.split(":", 1)[0], id = one.slice(level.length + 1), e = engine.entities[level] ? (keysOf(level).indexOf(id)) : -1;
      if (e >= 0) picked.push([level, e]); else unknown.push(one);
    }
    picked.splice(0, picked.length - MOST[T.page]);
    const view = (given.get("view") ?? "0,0,1").split(",").map(Number);
    if (view.length !== 3 || !view.every(Number.isFinite) || view[2] < 1) unknown.push(`view=${given.get("view")}`);
    affil.unknown("view", unknown);
  };
  const who = () => picked.map(([level, e]) => `${level}:${key(level, e)}`).join("|");

  const drawTrend = async () => {
    const value = (name) => form.elements[name].value, level = value("level"), by = value("by"), mode = value("mode");
    const years = [Number(value("from")), Number(value("to"))].sort((a, b) => a - b);
    for (let k = picked.length - 1; k >= 0; k--) if (picked[k][0] !== level) picked.splice(k, 1);
    let asked = { ...slice(value("area")), level, by, years, hongKong: form.elements.hongkong?.value }, panel = form.elements.panel.checked;
    status.textContent = "";
    if (panel) {
      const kept = new Set(engine.everyYear(asked));
      if (kept.size) asked = { ...asked, without: new Set(engine.venues.map((_, k) => k).filter((k) => !kept.has(k))) };
      else { status.textContent = T.panel_none; form.elements.panel.checked = panel = false; }
    }
    if (!picked.length) picked.push(...first(level, 3, "publications", years));
    chips();
    const people = by === "authors" ? await affil.load("people") : null, trend = engine.trend(asked, people, panel), points = mode === "share";
    const sums = new Map(), sum = (rows) => { if (!sums.has(rows)) sums.set(rows, [...rows.values()].reduce((a, r) => a + r[by], 0)); return sums.get(rows); };
    const part = (row, rows) => (by === "adjusted" ? row.share : row[by] / sum(rows));
    const valueOf = (e) => (rows) => { const row = rows.get(e); return row ? (points ? part(row, rows) : row[by]) : 0; };
    const counted = picked.map(([, e]) => trend.years.map(([, rows]) => valueOf(e)(rows)));
    const matched = picked.map(([, e]) => engine.comparable(trend, valueOf(e), points)), growth = picked.map(([, e]) => engine.growth(trend, valueOf(e), points));
    const rise = (values) => { const start = trend.base?.years[0], at = values[trend.years.findIndex(([y]) => y === start)]; return values.map((v) => (v !== null && at > 0 ? v / at - 1 : null)); };
    // Where no two years can be compared numbers are drawn as counted, and there is no growth.
    const few = !trend.base, series = mode === "growth" ? matched.map((values) => (few ? values.map(() => null) : rise(values))) : mode === "absolute" || few ? counted : matched;
    const label = picked.map(([, e]) => names[level][e][0]), amount = by === "adjusted" || by === "index" ? two : whole, unit = points ? percent : mode === "growth" ? signed : amount;
    const how = (of) => ` – ${form.elements.mode.querySelector(`[value=${of}]`).text}`, share = points ? ` – ${T.measures.share}` : "";
    const title = `${T.measures[by]}${few && mode !== "growth" ? share + how("absolute") : mode === "absolute" ? "" : how(mode)}`, numbers = trend.years.map(([y]) => y), last = numbers.at(-1);
    const marked = (y) => (trend.lacking.length && y === last ? `${y}*` : String(y));
    // A year without papers is a gap; an incomplete one stands apart.
    const every = Array.from({ length: last - numbers[0] + 1 }, (_, k) => numbers[0] + k);
    const compared = trend.base && [trend.base.years[0], trend.base.years.at(-1)];
    const total = (v) => (v === null ? "–" : points ? say(T.points, tenths.format(100 * v)) : signed.format(v)), cells = mode === "growth" ? series : counted;
    $("trend-table").tHead.innerHTML = `<tr><th>${T.levels[level]}</th>${numbers.map((y) => `<th class="num">${marked(y)}</th>`).join("")}<th class="num">${T.growth}${compared ? `<br>${compared.join("–")}` : ""}</th></tr>`;
    $("trend-table").tBodies[0].innerHTML = picked.map(([, e], k) => `<tr data-e="${e}"><th scope="row">${escape(label[k])}</th>${cells[k].map((v) => `<td class="num">${v === null ? "–" : unit.format(v)}</td>`).join("")}<td class="num">${total(growth[k])}</td></tr>`).join("");
    const missing = trend.lacking.length ? say(T.incomplete, last, trend.lacking.map((v) => engine.venues[v]).join(T.s_and), last - 1) : "";
    const venues = (list) => list.map((v) => engine.venues[v]).join(T.s_and), held = (k) => rounded.format(trend.base.papers.at(k) / trend.base.all.at(k));
    const told = compared ? [say(T.growth_basis, ...compared, venues(trend.base.venues), held(0), held(-1), points ? T.measures.share : T.measures[by]),
      trend.leftOut.length ? say(T.growth_left_out, venues(trend.leftOut)) : "", compared[0] > numbers[0] || compared[1] < last ? say(T.growth_from, numbers[0], last) : ""] : [T.growth_none];
    const basis = [...told, missing].filter(Boolean).join(gap), why = few || mode === "absolute" ? T.few_why : T.matched_why;
    $("basis").textContent = basis;
    $("why").textContent = few || mode === "absolute" || mode === "growth" ? why : [why, T.table_why].join(gap);
    const grouped = $("grouped").textContent = level === "country" ? T.grouped[asked.hongKong || engine.hongKong] : "";
    affil.keep({ level, by, mode, area: value("area"), from: years[0], to: years[1], panel: panel ? 1 : 0, ...(asked.hongKong ? { hongkong: asked.hongKong } : {}), who: who() });
    const rows = every.map((y) => [marked(y), ...series.map((values) => values[numbers.indexOf(y)] ?? null)]);
    await show(say(T.trend_chart, title, label.join(T.s_and)), [T.year, ...label], rows, { axis: title, share: points || mode === "growth", caveat: [basis, why, grouped].filter(Boolean).join(gap) });
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
    affil.keep({ who: who() });
    await show(T.label, [T.area, ...label], there.map((a) => [T.areas[areas[a]], ...lines.map(([, values]) => values[a])]));
  };

  const DRAW = { trends: drawTrend, areas: drawProfile, map: () => affil.drawMap({ engine, names, form, picked, slice, who, chips, T, label }) };
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
  window.addEventListener("affil-pick", (event) => begin().then(() => { picked.splice(0, MOST[T.page], event.detail); draw(); }).catch(() => {}));
  if (String(affil.options())) again();
})();
