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
      this.credit = Float64Array.from(facts.credit, (code) => facts.credits[code]);
    }

    /** The weight of a paper of each cell (venue and year), in total and by chosen area; null outside the slice. */
    weights({ years, areas, outside, without }) {
      return this.cells.map(([venue, year, , weight, own]) => {
        if (year < years[0] || year > years[1] || without.has(venue)) return null;
        if (!own.length) return outside ? { all: weight, parts: [] } : null;
        const chosen = own.filter((a) => areas.has(a));
        return chosen.length ? { all: (weight * chosen.length) / own.length, parts: chosen.map((a) => [a, weight / own.length]) } : null;
      });
    }

    /** The entity each institution counts for: a number, a list of [number, part], or -1. */
    places({ level, rollUp }) { return this.place[level === "institution" ? rollUp : level]; }

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

    /** The venues with papers in every year of the slice that has papers. */
    everyYear(query) {
      const years = new Map(), weights = this.weights(query);
      this.cells.forEach(([venue, year], cell) => { if (weights[cell]) years.set(venue, (years.get(venue) ?? new Set()).add(year)); });
      const all = new Set([...years.values()].flatMap((y) => [...y]));
      return [...years].filter(([, y]) => y.size === all.size).map(([venue]) => venue);
    }
  }

  let made;
  const engine = () => made ??= load("facts").then((facts) => new Engine(facts)).catch((error) => { made = undefined; throw error; });
  window.affil = { fetched, load, put, fold, engine, Engine };
})();
