"use strict";
/* A leaderboard: recomputed in the page for the reader's options, which are kept in its URL. */
(() => {
  const $ = (id) => document.getElementById(id);
  const T = JSON.parse($("texts").textContent), root = document.documentElement, language = root.dataset.language;
  const table = $("board"), form = $("controls"), level = table.dataset.level, body = table.tBodies[0];
  const { say, escape } = affil, gap = language.startsWith("zh") ? "" : " ";  // between sentences
  const whole = new Intl.NumberFormat("en");
  // Round like the library: exact halves to even.
  const two = { format: (v) => { const half = (v * 8) % 8; return (half === 1 || half === 5 ? v - 1e-3 : v).toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ","); } };
  const percent = new Intl.NumberFormat("en", { style: "percent", minimumFractionDigits: 2 });
  const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 0 });
  const shown = { adjusted: two, index: two, publications: whole, authors: whole, share: percent };
  const boxes = (name) => [...form.querySelectorAll(`input[name=${name}]`)];
  const startYears = $("shown-years").textContent, startMore = $("more").hidden, startHead = $("shown").textContent, startLead = $("lead").textContent, startTitle = document.title, startFamilies = [$("families")?.innerHTML, $("families")?.hidden];
  const FIELDS = ["by", "kind", "where", "rollup", "preset", "hongkong"], OPTIONS = new Set(["areas", "outside", "without", "years", "q", "theme", "embed", ...FIELDS]);
  let all = false, current = [], start, sparks, engine, names, searching, ranges, doubts, namings, people;

  /** The chosen options, and those that differ from the defaults. */
  const state = () => {
    const ticked = (name) => boxes(name).map((box, k) => (box.checked ? k : -1)).filter((k) => k >= 0);
    const value = (name) => form.elements[name]?.value ?? "";
    return { areas: ticked("area"), outside: boxes("outside")[0]?.checked ?? false, venues: ticked("venue"),
      from: value("from"), to: value("to"), by: value("by"), kind: value("kind"), where: value("where"), rollup: value("rollup"), preset: value("preset"), hongkong: value("hongkong"), q: $("search").value.trim() };
  };
  const first = state();
  /** Whether other venues are in a view of so many areas that does not mention them: only with all of them. */
  const usual = (areas) => areas === first.areas.length && first.outside;
  const address = (now) => {
    const out = new URLSearchParams();
    if (String(now.areas) !== String(first.areas)) out.set("areas", now.areas.join("."));
    if (now.outside !== usual(now.areas.length)) out.set("outside", now.outside ? "1" : "0");
    if (now.venues.length !== first.venues.length) out.set("without", boxes("venue").map((_, k) => k).filter((k) => !now.venues.includes(k)).join("."));
    if (now.from !== first.from || now.to !== first.to) out.set("years", `${now.from}-${now.to}`);
    for (const name of [...FIELDS, "q"]) if (now[name] !== first[name]) out.set(name, now[name]);
    return String(out);
  };
  const read = () => {
    const given = affil.options(), unknown = [], wrong = (name) => unknown.push(`${name}=${given.get(name)}`);
    for (const name of given.keys()) if (!OPTIONS.has(name)) wrong(name);
    /** Numbers of boxes, of an option; the default where one is none. */
    const numbers = (name, most, otherwise) => {
      const all = given.has(name) ? given.get(name).split(".").filter(Boolean).map(Number) : otherwise;
      if (all.every((k) => Number.isInteger(k) && k >= 0 && k < most)) return new Set(all);
      wrong(name);
      return new Set(otherwise);
    };
    const areas = numbers("areas", boxes("area").length, first.areas);
    boxes("area").forEach((box, k) => { box.checked = areas.has(k); });
    boxes("outside").forEach((box) => { box.checked = given.has("outside") ? given.get("outside") === "1" : usual(areas.size); });
    if (given.has("outside") && !["0", "1"].includes(given.get("outside"))) wrong("outside");
    const without = numbers("without", boxes("venue").length, []);
    boxes("venue").forEach((box, k) => { box.checked = !without.has(k); });
    const [from, to] = (given.get("years") ?? `${first.from}-${first.to}`).split("-");
    if (![["from", from], ["to", to ?? from]].map(([name, value]) => affil.choose(form.elements[name], value)).every(Boolean)) wrong("years");
    for (const name of FIELDS) if (form.elements[name] && !affil.choose(form.elements[name], given.get(name) ?? first[name])) wrong(name);  // not each level has all
    $("search").value = given.get("q") ?? "";
    affil.unknown("view", unknown);
  };

  const query = (now) => {
    const chosen = T.presets[now.preset], areas = chosen ? now.areas.filter((a) => chosen.areas.includes(a)) : now.areas;
    const kept = chosen ? now.venues.filter((v) => chosen.venues.includes(v)) : now.venues;
    return { level, by: now.by, rollUp: now.rollup || engine.rollUp, kind: now.kind, hongKong: now.hongkong || engine.hongKong, areas: new Set(areas), outside: now.outside,
      without: new Set(boxes("venue").map((_, k) => k).filter((k) => !kept.includes(k))), years: [Number(now.from), Number(now.to)] };
  };

  const inPlace = ({ where, hongkong }) => {
    if (!where) return () => true;
    const { country } = engine.entities[level], { code, continent } = engine.entities.country, own = level === "country" ? (e) => e : (e) => engine.counted(country[e], hongkong || engine.hongKong);
    return (e) => (country[e] >= 0 || level === "country") && (code[own(e)] === where || continent[country[e]] === where);
  };

  /** What a view is restricted to, in words: the field's own. */
  const filters = (now) => {
    const option = (name) => form.elements[name].selectedOptions[0].text, few = (name, chosen) => chosen.map((k) => boxes(name)[k].parentElement.textContent.trim());
    const out = [], every = now.areas.length === first.areas.length && now.outside === first.outside, outside = boxes("outside")[0]?.parentElement.textContent.trim();
    if (!every) out.push([...few("area", now.areas), ...(outside && (now.outside || !now.areas.length) ? [outside] : [])].join(T.and));
    if (now.preset) out.push(option("preset"));
    if (now.venues.length !== first.venues.length) out.push(now.venues.length <= 3 ? few("venue", now.venues).join(T.and) : say(T.venues_of, now.venues.length, first.venues.length));
    for (const name of ["kind", "where"]) if (now[name]) out.push(option(name));
    if (now.rollup !== first.rollup) out.push(option("rollup"));
    if (now.hongkong !== first.hongkong) out.push(say("{0} {1}", form.elements.hongkong.closest("label").firstChild.textContent.trim(), option("hongkong")));
    return out;
  };

  /** Heading, lead and title of the document speak of the view. */
  const speak = (now, asked) => {
    const chosen = filters(now), years = asked.years[0] === asked.years[1] ? `${asked.years[0]}` : asked.years.join("–"), weights = engine.weights(asked), cells = engine.cells.filter((_, k) => weights[k]);
    const heading = [startHead, ...chosen].join(T.comma);
    $("shown").textContent = heading;
    $("shown-years").textContent = years;
    $("lead").textContent = !chosen.length && String(asked.years) === `${first.from},${first.to}` ? startLead : say(T.lead_view, whole.format(cells.reduce((sum, cell) => sum + cell[5], 0)), new Set(cells.map(([venue]) => venue)).size, years) + (chosen.length ? gap + say(T.lead_filters, chosen.join(T.comma)) : "");
    const there = new Set(weights.flatMap((weight) => weight?.parts.map(([area]) => area) ?? []));
    const none = [...asked.areas].filter((a) => (asked.areas.size === 1 || engine.areaWeights[a] > 0) && !there.has(a)).sort((a, b) => a - b);
    $("empty").textContent = none.length ? say(T.empty_why, none.map((a) => T.areas[engine.areas[a]]).join(T.s_and), engine.offset) : "";
    grouped(now);
    document.title = address(now) ? `${heading}${T.comma}${years} – ${startTitle.split(" – ").at(-1)}` : startTitle;
  };

  /** Which countries are counted with which. */
  const grouped = (now) => { if ($("grouped")) $("grouped").textContent = T.grouped[now.hongkong || engine.hongKong]; };

  const matcher = (text) => {
    if (!text) return () => true;
    const script = searching?.script ?? {}, wanted = affil.fold(text, script).split(" ");
    return (e) => {
      const words = [...names[level][e], ...(searching?.names[level][e] ?? [])].map((name) => affil.fold(name, script));
      return words.some((name) => wanted.every((w) => name.includes(w)));
    };
  };

  const change = (row, moved) => {
    if (!moved) return "–";
    const [was, is, held] = moved(row.e);
    if (!held) return `<span class="new">${T.new}</span>`;
    if (!was || !is) return "–";
    const by = was.rank - is.rank, ranks = [was, is].map((one) => whole.format(one.rank));
    return `<span class="${by > 0 ? "up" : by < 0 ? "down" : "same"}" title="${say(T.was, ...ranks)}">${by > 0 ? "▲" : by < 0 ? "▼" : "="} ${ranks.join("→<wbr>")}</span>`;
  };

  const interval = (row, found) => {
    const at = found?.get(row.e);
    if (!at) return "–";
    return (at.low < at.high ? `${whole.format(at.low)}–${whole.format(at.high)}` : whole.format(row.rank)) + (at.told ? "" : "&nbsp;≈");
  };

  /** What of the doubt waits in review, and where the row would stand were it decided, as attributes. */
  const waiting = (row, found) => {
    const at = found?.get(row.e);
    if (at?.decided === undefined) return "";
    const said = [say(T.in_review, share.format(at.inReview))], moves = Math.abs(at.decided - row.rank) < T.marked ? "" : at.decided < row.rank ? "up" : "down";
    if (at.decided !== row.rank) said.push(say(T.would_move, whole.format(at.decided)), ...at.strings);
    return ` title="${escape(said.join("\n"))}"${moves && ` data-moves="${moves}"`}`;
  };

  /** The intervals that the library computed for a view, if it has any. */
  const kept = (now) => {
    if (!ranges || now.kind || now.where || now.preset || now.hongkong !== first.hongkong || (now.rollup || engine.rollUp) !== engine.rollUp || now.venues.length !== first.venues.length) return null;
    const every = now.areas.length === first.areas.length && now.outside === first.outside;
    if (!every && (now.areas.length !== 1 || now.outside)) return null;
    const found = ranges[`${level}/${now.by}/${now.from}-${now.to}/${every ? "" : engine.areas[now.areas[0]]}`];
    if (!found) return null;
    const [numbers, low, high, told] = found;
    return new Map(numbers.map((e, k) => [e, { low: low[k], high: high[k], told: told[k] }]));
  };

  /** The intervals of any view, once they are computed; null until then. */
  let last = {};
  const computed = (now, asked, rows) => {
    const key = address({ ...now, q: "" });
    if (last.key === key) return last.found;
    if (!doubts?.n) return null;
    if ((now.by === "publications" || now.by === "authors") && !namings) { load("namings").then((value) => { namings = value; draw(); }); return null; }
    last = { key, found: null };
    setTimeout(() => {
      if (last.key !== key) return;
      last.found = affil.ranges(engine, doubts, asked, rows, doubts.confidence, namings);
      for (const at of last.found.values()) at.told = at.ahead >= doubts.confidence;
      draw();
    });
    return null;
  };

  /** The intervals of a view: the library's where it has them, with what only the page computes. */
  const intervals = (now, asked, rows) => {
    const own = kept(now), found = computed(now, asked, rows);
    return own && found ? new Map([...own].map(([e, at]) => [e, { ...found.get(e), ...at }])) : own ?? found;
  };

  /** Keep the first rows, and their small lines, which are of the slice that the page begins with. */
  const remember = () => {
    start ??= body.innerHTML;
    sparks ??= new Map([...body.rows].map((row) => [row.querySelector(".name").textContent.replace(/\s/g, ""), row.querySelector(".spark")?.innerHTML ?? ""]));
  };
  const sliced = (now) => ["areas", "outside", "venues", "from", "to", "rollup", "preset", "hongkong"].some((option) => String(now[option]) !== String(first[option]));

  /** Show what is said of the view alone that the page begins with. */
  const own = (shown) => document.querySelectorAll(".notes [data-own]").forEach((one) => { one.hidden = !shown; });

  const tr = (row, now, moved, found, most) => {
    const [name, latin, place] = names[level][row.e], slug = engine.entities[level].slug[row.e];
    const link = slug ? `<a href="${level}/${slug}.html">${escape(name)}</a>` : escape(name);
    const cell = (by) => `<td class="num ${by}${by === now.by ? ` by" style="--w:${((100 * row[by]) / most).toFixed(1)}%` : ""}">${row[by] === null ? "…" : Number.isNaN(row[by]) ? "–" : shown[by].format(row[by])}</td>`;
    return `<tr data-e="${row.e}"><td class="num rank">${whole.format(row.rank)}</td><td class="range"${waiting(row, found)}>${interval(row, found)}</td><td class="change">${change(row, moved)}</td><td class="name">${link}${latin ? ` <span class="latin" lang="en">${escape(latin)}</span>` : ""}${place ? ` <span class="place">${escape(place)}</span>` : ""}</td>${["adjusted", "index", "publications", "authors", "share"].map(cell).join("")}<td class="spark">${sparks.get([name, latin, place].join("").replace(/\s/g, "")) ?? ""}</td></tr>`;
  };

  const draw = () => {
    const now = state();
    remember();
    affil.keep(address(now));
    if (!address(now) && !all) { reset(); return; }
    const asked = query(now);
    if (asked.years[0] > asked.years[1]) asked.years.reverse();
    const [from, to] = asked.years, length = to - from + 1;
    if (now.by === "authors" && !people) { load("people").then((value) => { people = value; draw(); }); return; }
    let rows = engine.rank(asked, people);
    const inside = inPlace(now), within = (found) => (now.where ? engine.ordered(found.filter((r) => inside(r.e)), level, now.by) : found);
    rows = within(rows);
    // The change is told by two rankings of the same venues.
    const pairs = engine.compared(asked);
    const [old, recent] = pairs.length ? [0, 1].map((k) => new Map(within(engine.rank({ ...asked, years: [from - length, to], only: new Set(pairs.flatMap((p) => p.cells[k])) }, people)).map((r) => [r.e, r]))) : [];
    const before = old && new Set(engine.rank({ ...asked, years: [from - length, from - 1] }).map((r) => r.e));
    const moved = old ? (e) => [old.get(e), recent.get(e), !before.size || before.has(e)] : null;
    const found = intervals(now, asked, rows), total = rows.length, most = rows[0]?.[now.by] || 1, wanted = matcher(now.q);
    rows = rows.filter((r) => wanted(r.e));
    current = rows.map((row) => ({ ...row, moved: moved?.(row.e).slice(0, 2).map((r) => r?.rank), range: found?.get(row.e) }));
    const limit = all ? rows.length : T.rows;
    body.innerHTML = rows.slice(0, limit).map((row) => tr(row, now, moved, found, most)).join("") ||
      `<tr><td colspan="10" class="none"><strong>${T.nothing}</strong> ${T.nothing_why}</td></tr>`;
    table.classList.toggle("other", sliced(now));
    own(!sliced(now) && !now.kind && !now.where);
    mark(now.by);
    speak(now, asked);
    $("more").hidden = rows.length <= T.rows;
    $("more").textContent = all ? say(T.less, whole.format(T.rows)) : say(T.more, whole.format(rows.length));
    const notes = [say(T.shown, whole.format(rows.length), whole.format(total))];
    if (now.where) notes.push(T.ranks_within);
    const span = (years) => (years[0] === years[1] ? years[0] : years.join("–")), of = (k) => span([pairs[0].years[k], pairs.at(-1).years[k]]);
    notes.push(moved ? `${say(T.change_why, of(1), of(0), share.format(engine.restsOn(pairs)), pairs.map((p) => p.years.join("/")).join(T.s_and))}${T.stop}` : T.change_none);
    $("status").textContent = notes.join(gap);
    related(now, asked, current.slice(0, T.rows), within);
    // Less urgent parts are rendered after the table.
    if (!people || !ranges || !doubts) Promise.all(["people", "ranges", "doubts"].map(load)).then((values) => { [people, ranges, doubts] = values; draw(); }).catch(() => {});
  };

  /** Which of the first rows are of one university or company, with the rank that they have as one, and where they are. */
  const related = (now, asked, rows, within) => {
    const place = $("families");
    if (!place) return;
    const found = engine.families(asked, rows), named = (e) => names[level][e][0];
    const as = new Map(found.length ? within(engine.rank({ ...asked, rollUp: "labs" }, people)).map((row) => [row.e, row.rank]) : []);
    const told = found.filter(([, one]) => as.has(one)).map(([own, one]) => {
      const each = own.map((row) => named(row.e)), who = [each.slice(0, -1).join(T.s_and), each.at(-1)].join(T.and), rank = whole.format(as.get(one));
      return own.some((row) => row.e === one) ? say(T.family, who, rank) : say(T.family_as, who, named(one), rank);
    });
    place.hidden = !told.length;
    place.firstElementChild.textContent = told.join(gap);
    place.querySelector("a").href = `#${address({ ...now, rollup: "labs" })}`;
  };

  const mark = (by) => {
    table.dataset.by = by;
    for (const button of table.querySelectorAll("th button")) {
      if (button.dataset.by === by) button.parentElement.setAttribute("aria-sort", "descending");
      else button.parentElement.removeAttribute("aria-sort");
    }
  };

  const reset = () => {
    body.innerHTML = start;
    if ($("families")) [$("families").innerHTML, $("families").hidden] = startFamilies;
    grouped(first);
    table.classList.remove("other");
    own(true);
    [$("shown").textContent, $("shown-years").textContent, $("lead").textContent, document.title] = [startHead, startYears, startLead, startTitle];
    $("more").hidden = startMore;
    $("status").textContent = "";
    mark(first.by);
    current = [];
  };

  const load = (name) => affil.load(name).catch((error) => { $("status").textContent = say(T.not_loaded, error.message); throw error; });
  const ready = async () => {
    [engine, names] = await Promise.all([affil.engine(), load(`names-${language}`)]);
  };
  let begun;
  const begin = () => (begun ??= ready().catch((error) => { begun = undefined; $("status").textContent = say(T.not_loaded, error.message); throw error; }));

  const act = () => begin().then(async () => {
    if ($("search").value.trim() && !searching) searching = await load("search");
    draw();
  }).catch(() => {});
  const soon = (f, wait) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(f, wait); }; };

  form.addEventListener("change", act);
  form.addEventListener("submit", (event) => event.preventDefault());
  $("search").addEventListener("input", soon(act, 120));
  for (const button of form.querySelectorAll("[data-tick]"))
    button.addEventListener("click", () => { [...boxes("area"), ...boxes("outside")].forEach((box) => { box.checked = button.dataset.tick === "all"; }); act(); });
  for (const button of table.querySelectorAll("th button"))
    button.addEventListener("click", () => { form.elements.by.value = button.dataset.by; act(); });
  $("reset").addEventListener("click", () => { affil.keep(""); all = false; read(); act(); });
  $("more").addEventListener("click", () => { all = !all; act(); });
  $("share").addEventListener("click", async () => {
    await affil.copy(affil.address());
    $("status").textContent = T.copied;
  });
  $("download").addEventListener("click", () => begin().then(async () => {
    [people, ranges, doubts] = await Promise.all(["people", "ranges", "doubts"].map(load));
    all = true; draw();
    await new Promise((done) => setTimeout(done));  // the intervals are computed by then
    draw(); all = false;
    const now = state(), slugged = (text) => text.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
    const { slug, code } = engine.entities[level];
    const head = ["rank", "low", "high", "compared_rank_before", "compared_rank", "name", "name_en", "place", "publications", "authors", "adjusted", "index", "share", "unaligned"];
    const lines = current.map((r) => [r.rank, r.range?.low, r.range?.high, r.moved?.[0], r.moved?.[1], names[level][r.e][0], names[level][r.e][1] || names[level][r.e][0], names[level][r.e][2], r.publications, r.authors, r.adjusted, r.index, r.share, r.unaligned]);
    affil.save(affil.csv([head, ...lines]), `${[level, ...filters(now).map(slugged), ...new Set([now.from, now.to]), now.by].join("-").slice(0, 160)}.csv`);
    draw();
  }).catch(() => {}));
  window.addEventListener("hashchange", () => { read(); begin().then(read).then(act).catch(() => {}); });

  if (String(affil.options())) { read(); begin().then(read).then(act).catch(() => {}); } else {
    // Preload when the page is idle, so that the first change is fast; unpacked on use.
    const idle = window.requestIdleCallback ?? ((f) => setTimeout(f, 500));
    const fetchAll = () => Promise.all(["facts", `names-${language}`].map(affil.fetched)).catch(() => {});
    window.addEventListener("load", () => setTimeout(() => idle(fetchAll), 1200));
  }
})();
