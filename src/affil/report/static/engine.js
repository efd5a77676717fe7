"use strict";
/* The counting method of docs/ranking.md in the page: computes the measures of any slice from papers, institutions and credit. */
(() => {
  const waiting = {}, held = {}, read = {};

  /** Load a script of the folder data/ on first use: JSON, compressed by gzip, as base64. */
  const fetched = (name) => waiting[name] ??= new Promise((done, failed) => {
    held[name] = done;
    const script = document.createElement("script");
    script.src = `${document.documentElement.dataset.root}data/${name}.js`;
    script.onerror = () => { delete waiting[name]; delete read[name]; failed(new Error(`${name}.js`)); };
    document.head.append(script);
  });

  /** Called by these scripts. */
  const put = (name, base64) => held[name](base64);

  /** The data, unpacked on first use. */
  const load = (name) => read[name] ??= fetched(name).then(async (base64) => {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  });

  /** Fold case, accents and Han script for searching. */
  const fold = (text, script = {}) =>
    [...text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()].map((c) => script[c] ?? c).join("").split(/\s+/).filter(Boolean).join(" ");

  const rounded = (value) => Math.round(value * 1e9) / 1e9;

  class Engine {
    constructor(facts) {
      Object.assign(this, facts);
      this.paperCell = new Uint16Array(facts.n.length);
      let next = 0;
      this.cells.forEach(([, , papers], cell) => this.paperCell.fill(cell, next, next += papers));
      this.inst = Uint16Array.from(facts.inst);
      this.addContinents();
      this.credit = Float64Array.from(facts.credit, (code) => facts.credits[code]);
    }

    /** What a paper of each cell (a venue's year) weighs, in all and in each chosen area; null where it is not in the slice. */
    weights({ years, areas, outside, without, only }) {
      return this.cells.map(([venue, year, , weight, own], cell) => {
        if (year < years[0] || year > years[1] || without.has(venue) || (only && !only.has(cell))) return null;
        if (!own.length) return outside ? { all: weight, parts: [] } : null;
        const chosen = own.filter((a) => areas.has(a));
        return chosen.length ? { all: (weight * chosen.length) / own.length, parts: chosen.map((a) => [a, weight / own.length]) } : null;
      });
    }

    /** The entity each institution counts for: a number, a list of [number, part], or -1. */
    places({ level, rollUp, hongKong }) {
      if (level === "country" && (hongKong ?? this.hongKong) === "with") return this.withHongKong ??= this.place.country.map((to) => this.counted(to, "with"));
      return this.place[level === "institution" ? rollUp : level];
    }

    /** The country that a country counts for, with Hong Kong and Macao as part of China or apart. */
    counted(country, hongKong = this.hongKong) {
      const { code } = this.entities.country, whole = hongKong === "with" ? code.indexOf(this.partOf[code[country]]) : -1;
      return whole >= 0 ? whole : country;
    }

    /** Continents as a level: what countries count for. */
    addContinents() {
      const { continent } = this.entities.country, names = [...new Set(continent)].filter(Boolean).sort(), number = continent.map((c) => names.indexOf(c));
      this.entities.continent = { order: names.map((_, k) => k), slug: names.map(() => ""), code: names, country: names.map(() => -1) };
      this.place.continent = this.place.country.map((to) => (typeof to === "number" ? number[to] ?? -1 : to.map(([e, part]) => [number[e], part]).filter(([e]) => e >= 0)));
    }

    /** Whether a row of an institution counts under a kind, and for which entity. */
    ofKind(level, kind) {
      if (!kind) return null;
      const wanted = this.kinds.indexOf(kind);
      return level === "institution" ? { entity: (e) => this.entities.institution.kind[e] === wanted } : { institution: (i) => this.entities.institution.kind[i] === wanted };
    }

    /** All entities of a slice with their measures, sorted by one, then adjusted publications, then name. */
    rank(query, people) {
      const { level, by } = query, weights = this.weights(query), places = this.places(query), kind = this.ofKind(level, query.kind);
      const size = this.entities[level].order.length, areas = this.areas.length;
      const papers = new Int32Array(size), unaligned = new Int32Array(size), adjusted = new Float64Array(size);
      const inArea = new Float64Array(size * areas), seen = new Int32Array(size).fill(-1);
      let counted = 0;
      for (let paper = 0, row = 0; paper < this.n.length; paper++) {
        const rows = Math.abs(this.n[paper]), weight = weights[this.paperCell[paper]];
        if (!weight) { row += rows; continue; }
        for (const end = row + rows; row < end; row++) {
          const credit = this.credit[row], to = places[this.inst[row]];
          counted += weight.all * credit;
          if (to === -1 || kind?.institution?.(this.inst[row]) === false) continue;
          for (const [entity, part] of typeof to === "number" ? [[to, 1]] : to) {
            if (kind?.entity?.(entity) === false) continue;
            if (seen[entity] !== paper) { seen[entity] = paper; papers[entity]++; if (this.n[paper] < 0) unaligned[entity]++; }
            adjusted[entity] += weight.all * credit * part;
            for (const [area, w] of weight.parts) inArea[entity * areas + area] += w * credit * part;
          }
        }
      }
      const authors = people && this.authors(query, people, weights, places, kind, size);
      const chosen = [...query.areas], weigh = chosen.map((a) => (chosen.length === 1 ? 1 : this.areaWeights[a]));
      const sum = weigh.reduce((a, b) => a + b, 0);
      const out = [];
      for (let e = 0; e < size; e++) {
        if (!papers[e]) continue;
        let log = 0;
        chosen.forEach((a, k) => { if (weigh[k]) log += weigh[k] * Math.log(inArea[e * areas + a] + this.offset); });
        out.push({ e, publications: papers[e], unaligned: unaligned[e], adjusted: adjusted[e], index: sum ? Math.exp(log / sum) : NaN,
          share: counted ? adjusted[e] / counted : 0, authors: authors ? authors[e] : null,
          areas: inArea.subarray(e * areas, (e + 1) * areas) });
      }
      return this.ordered(out, level, by);
    }

    ordered(rows, level, by) {
      const order = this.entities[level].order;
      rows.sort((a, b) => rounded(b[by]) - rounded(a[by]) || b.adjusted - a.adjusted || order[a.e] - order[b.e]);
      rows.forEach((row, k) => { row.rank = k && rounded(rows[k - 1][by]) === rounded(row[by]) ? rows[k - 1].rank : k + 1; });
      return rows;
    }

    /**
     * Rows of a ranking of institutions as themselves that are of one university or company, as the library's: [rows, number of the whole].
     * Of the first rows only, as many as the settings have.
     */
    families(query, rows) {
      const found = new Map();
      if (query.level !== "institution" || query.rollUp !== "none") return [];
      for (const row of rows.slice(0, this.familyRows)) {
        const whole = this.wholes[row.e] ?? row.e;
        found.set(whole, [...(found.get(whole) ?? []), row]);
      }
      return [...found].filter(([, own]) => own.length > 1).map(([whole, own]) => [own, whole]);
    }

    /** The distinct author names of each entity. */
    authors(query, people, weights, places, kind, size) {
      const out = new Int32Array(size), seen = new Int32Array(size).fill(-1);
      for (let author = 0, row = 0; author < people.n.length; author++) {
        for (const end = row + people.n[author]; row < end; row++) {
          const institution = people.inst[row], to = places[institution];
          if (!weights[people.cell[row]] || to === -1 || kind?.institution?.(institution) === false) continue;
          for (const [entity] of typeof to === "number" ? [[to, 1]] : to) {
            if (kind?.entity?.(entity) === false || seen[entity] === author) continue;
            seen[entity] = author;
            out[entity]++;
          }
        }
      }
      return out;
    }

    /** The same ranking for each year of the slice: [[year, rows by entity]]. */
    byYear(query, people) {
      const out = [];
      for (let year = query.years[0]; year <= query.years[1]; year++) {
        const own = { ...query, years: [year, year] };
        if (this.weights(own).some(Boolean)) out.push([year, new Map(this.rank(own, people).map((row) => [row.e, row]))]);
      }
      return out;
    }

    /** Of each year of the slice, the cell of each venue, the first year first. */
    ofYears(query) {
      const out = new Map(), weights = this.weights(query);
      this.cells.forEach(([venue, year], cell) => { if (weights[cell]) out.set(year, (out.get(year) ?? new Map()).set(venue, cell)); });
      return new Map([...out].sort((a, b) => a[0] - b[0]));
    }

    /** The venues that have papers in every year of the slice that has any. */
    everyYear(query) {
      const [one, ...others] = this.ofYears(query).values();
      return [...(one?.keys() ?? [])].filter((venue) => others.every((venues) => venues.has(venue)));
    }

    /** Years over the venues that all of them have (docs/ranking.md, Years): with the cells of each, and of each the papers compared and in all. */
    link(ofYears, years, venues) {
      const sum = (cells) => [...cells].reduce((a, cell) => a + this.cells[cell][5], 0);
      const cells = years.map((y) => venues.map((v) => ofYears.get(y).get(v)));
      return { years, venues, cells, papers: cells.map(sum), all: years.map((y) => sum(ofYears.get(y).values())) };
    }

    /**
     * The venues over which two years are compared: those of both, but for those whose papers change too much from one year to the next; none
     * if one of the years has too few papers in them.
     */
    common(ofYears, before, after) {
      const most = this.linkChange ** Math.max(Math.abs(after - before), 1), of = (v, year) => this.cells[ofYears.get(year).get(v)][5];
      const alike = (v) => { const times = of(v, after) / of(v, before); return 1 / most <= times && times <= most; };
      const both = [...(ofYears.get(before)?.keys() ?? [])].filter((v) => ofYears.get(after)?.has(v) && alike(v)).sort((a, b) => a - b);
      const papers = (year) => both.reduce((sum, v) => sum + of(v, year), 0);
      return both.length && papers(before) >= this.linkPapers && papers(after) >= this.linkPapers ? both : [];
    }

    /** The links between years that follow each other; links of the same venues are one. A link of few papers is broken. */
    links(ofYears) {
      const years = [...ofYears.keys()], runs = [];
      for (let k = 1; k < years.length; k++) {
        const venues = this.common(ofYears, years[k - 1], years[k]), run = runs.at(-1);
        if (run && String(run[1]) === String(venues) && run[0].at(-1) === years[k - 1]) run[0].push(years[k]);
        else if (venues.length) runs.push([[years[k - 1], years[k]], venues]);
      }
      return runs.map(([run, venues]) => this.link(ofYears, run, venues));
    }

    /**
     * Of each year the cells of its venues, but for those of which the data have a part: a year before has too many times as many papers, or
     * the next one with papers has, or that one is such a part and this one is no larger.
     */
    whole(query, ofYears) {
      const every = this.ofYears({ ...query, years: this.years }), parts = new Set(), of = new Map();
      for (const [year, cells] of every)
        for (const [venue, cell] of cells) of.set(venue, [...(of.get(venue) ?? []), { year, cell, papers: this.cells[cell][5] }]);
      for (const own of of.values()) {
        let most = 0, early = false;
        for (const { cell, papers } of own) {
          if (most > papers * this.linkChange) parts.add(cell);
          most = Math.max(most, papers);
        }
        for (let k = own.length - 2; k >= 0; k--) {
          const [one, later] = [own[k], own[k + 1]], times = this.linkChange ** (later.year - one.year);
          early = later.papers > one.papers * times || (early && one.papers <= later.papers * this.linkChange);
          if (early) parts.add(one.cell);
        }
      }
      const kept = [...ofYears].map(([year, cells]) => [year, new Map([...cells].filter(([, cell]) => !parts.has(cell)))]);
      return new Map(kept.filter(([, cells]) => cells.size));
    }

    /** The two years that growth compares, with those between them that have their venues; null where no two hold enough of their papers in these. */
    base(query, ofYears) {
      const whole = this.whole(query, ofYears), years = [...whole.keys()], key = (a, b) => [Math.min(b - a, this.panelYears), b, -a];
      let best = null;
      const better = (one) => { if (!best) return true; const k = one.findIndex((v, n) => v !== best.key[n]); return k >= 0 && one[k] > best.key[k]; };
      years.forEach((first, k) => years.slice(k + 1).forEach((last) => {
        const own = key(first, last), venues = better(own) ? this.common(whole, first, last) : [];
        if (!venues.length) return;
        const found = this.link(ofYears, years.filter((y) => y >= first && y <= last && venues.every((v) => whole.get(y).has(v))), venues);
        if ([0, found.years.length - 1].every((n) => found.papers[n] / found.all[n] >= this.panelShare)) best = { key: own, found };
      }));
      return best && best.found;
    }

    /** The venues of both years compared that are left out. */
    leftOut(ofYears, { years, venues }) {
      const [first, last] = [years[0], years.at(-1)].map((y) => ofYears.get(y));
      return [...first.keys()].filter((v) => last.has(v) && !venues.includes(v));
    }

    /** Each year of a period with the one of an earlier period of that length, over the venues of which both have all papers. */
    pairs(query, before, after) {
      const ofYears = this.ofYears({ ...query, years: [before[0], after[1]] }), whole = this.whole(query, ofYears), out = [];
      for (let k = after[1] - after[0]; k >= 0; k--) {
        const venues = this.common(whole, before[1] - k, after[1] - k);
        if (venues.length) out.push(this.link(ofYears, [before[1] - k, after[1] - k], venues));
      }
      return out;
    }

    /** What the years of a query are compared with: those before, or else the first of the two years that growth compares with the second. */
    compared(query) {
      const [from, to] = query.years, length = to - from + 1, found = this.pairs(query, [from - length, from - 1], [from, to]);
      const base = found.length ? null : this.base(query, this.ofYears(query));
      if (!base) return found;
      const [first, last] = [base.years[0], base.years.at(-1)];
      return this.pairs(query, [first, first], [last, last]);
    }

    /** What share of the papers of links is compared. */
    restsOn(links) {
      const sum = (of) => links.flatMap((link) => link[of]).reduce((a, b) => a + b, 0);
      return sum("papers") / Math.max(1, sum("all"));
    }

    /** The venues of the table that the last year lacks while the year before had them, but for those that do not take place in it. */
    lacking(query, years) {
      const last = years.at(-1);
      const ofYears = this.ofYears({ ...query, years: [this.years[0], last] });
      return [...(ofYears.get(last - 1)?.keys() ?? [])].filter((venue) => {
        const gone = this.notHeld[venue];
        return !ofYears.get(last).has(venue) && gone && !gone.includes(last);
      });
    }

    /** The slice by year, as the library's trend: years (with their rows by entity), base and links with the rows of their years, lacking. */
    trend(query, people, panel) {
      const years = this.byYear(query, people), ofYears = this.ofYears(query), base = this.base(query, ofYears);
      const lacking = panel ? [] : this.lacking(query, years.map(([y]) => y)), leftOut = base ? this.leftOut(ofYears, base) : [];
      const links = base ? this.links(new Map([...ofYears].filter(([y]) => base.years[0] <= y && y <= base.years.at(-1)))) : [];
      for (const link of base ? [base, ...links] : []) {
        link.rows = link.years.map((y, k) => new Map(this.rank({ ...query, years: [y, y], only: new Set(link.cells[k]) }, people).map((row) => [row.e, row])));
      }
      return { years, base, links, lacking, leftOut };
    }

    /** The growth of a value between the years compared: the ratio less 1, of shares (`points`) the difference; null where it is undefined. */
    growth({ base }, value, points) {
      if (!base) return null;
      const before = value(base.rows[0]), after = value(base.rows.at(-1));
      return points ? after - before : before > 0 ? after / before - 1 : null;
    }

    /**
     * Each year's value in the venues compared: as counted in the years that have them, in those between them carried on by the links where
     * these lead to the next such year, and drawn to it; else null.
     */
    comparable({ years, base, links }, value, points) {
      const out = new Map((base?.years ?? []).map((y, k) => [y, value(base.rows[k])])), steps = new Map();
      for (const link of links) link.years.slice(1).forEach((y, k) => steps.set(link.years[k], [y, value(link.rows[k]), value(link.rows[k + 1])]));
      (base?.years ?? []).slice(1).forEach((last, k) => {
        const first = base.years[k], carried = new Map([[first, out.get(first)]]);
        let at = first;
        while (at < last && steps.has(at)) {
          const level = carried.get(at), [next, before, after] = steps.get(at);
          carried.set(at = next, level === null ? null : points ? level + after - before : level > 0 && before > 0 ? (level * after) / before : null);
        }
        if (at !== last) return;
        const end = carried.get(last), wanted = out.get(last);
        for (const [y, level] of [...carried].slice(1, -1)) {
          const part = (y - first) / (last - first), moved = level === null || end === null ? null : points ? level + part * (wanted - end) : end > 0 ? level * (wanted / end) ** part : null;
          out.set(y, moved === null || (points && (moved < -1e-9 || moved > 1 + 1e-9)) ? null : points ? Math.min(Math.max(moved, 0), 1) : moved);
        }
      });
      return years.map(([y]) => out.get(y) ?? null);
    }
  }

  let made;
  const engine = () => made ??= load("facts").then((facts) => new Engine(facts)).catch((error) => { made = undefined; throw error; });
  Object.assign(window.affil ??= {}, { fetched, load, put, fold, engine, Engine });
})();
