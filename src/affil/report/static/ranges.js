"use strict";
/* Ranges of ranks for any slice, computed in the page as the library does (docs/ranking.md, How sure a rank is). */
(() => {
  /** The normal distribution function (Abramowitz and Stegun 7.1.26, to 1e-7). */
  const ndtr = (x) => {
    const z = Math.abs(x) / Math.SQRT2, t = 1 / (1 + 0.3275911 * z);
    const tail = 0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-z * z);
    return x < 0 ? tail : 1 - tail;
  };

  /** The expectation, the number were the queue decided, and the effects (with probability and whether in review) of each row. */
  const doubtsOf = (engine, packed, query, rows) => {
    const weights = engine.weights(query), places = engine.places(query), kind = engine.ofKind(query.level, query.kind);
    const slot = new Int32Array(engine.entities[query.level].order.length).fill(-1), index = query.by === "index";
    rows.forEach((row, k) => { slot[row.e] = k; });
    const chosen = [...query.areas], weigh = chosen.map((a) => (chosen.length === 1 ? 1 : engine.areaWeights[a])), total = weigh.reduce((a, b) => a + b, 0);
    const many = index ? chosen.length : 1, at = new Map(chosen.map((a, k) => [a, k]));
    const held = rows.map(() => []), drifts = [0, 1].map(() => rows.map(() => new Float64Array(many)));
    /** Call for each entity that an amount of credit of an institution in a cell goes to, with what it is worth in each chosen area. */
    const credited = (institution, cell, amount, sumsOf) => {
      const weight = weights[cell], to = places[institution];
      if (!weight || to === -1 || to === undefined || kind?.institution?.(institution) === false) return;
      for (const [entity, part] of typeof to === "number" ? [[to, 1]] : to) {
        if (slot[entity] < 0 || kind?.entity?.(entity) === false) continue;
        const sums = sumsOf(slot[entity]);
        if (index) for (const [area, w] of weight.parts) sums[at.get(area)] += w * amount * part;
        else sums[0] += weight.all * amount * part;
      }
    };
    let next = 0;
    packed.n.forEach((count, pair) => {
      const p = packed.p[pair] / 1e5, found = new Map();
      const sumsOf = (k) => { if (!found.has(k)) found.set(k, new Float64Array(many)); return found.get(k); };
      for (const end = next + count; next < end; next++) credited(packed.inst[next], packed.cell[next], packed.effect[next] / 1e4, sumsOf);
      for (const [k, sums] of found) held[k].push({ p, review: Boolean(packed.review[pair]), pair, sums });
    });
    packed.drift.forEach(([institutions, cells, amounts], which) =>
      amounts.forEach((amount, k) => credited(institutions[k], cells[k], amount / 1e4, (e) => drifts[which][e])));
    const measure = (sums) => (index ? Math.exp(sums.reduce((all, s, k) => all + (weigh[k] ? weigh[k] * Math.log(Math.max(s, 0) + engine.offset) : 0), 0) / total) : sums[0]);
    return rows.map((row, k) => {
      const counted = index ? Float64Array.from(chosen, (a) => row.areas[a]) : Float64Array.of(row.adjusted);
      const [around, decided] = drifts.map((drift) => counted.map((s, a) => s + drift[k][a]));
      for (const { p, review, sums } of held[k]) {
        sums.forEach((s, a) => { around[a] += s * (p - (review ? 0 : 1)); if (review && p >= packed.probable) decided[a] += s; });
      }
      let mean = measure(around);
      const middle = mean;
      const effects = held[k].map(({ p, review, pair, sums }) => {
        if (!index) return { p, review, pair, effect: sums[0] };
        const right = measure(around.map((s, a) => s + sums[a] * (1 - p))), wrong = measure(around.map((s, a) => s - sums[a] * p));
        mean += p * right + (1 - p) * wrong - middle;
        return { p, review, pair, effect: right - wrong };
      });
      return { mean, decided: measure(decided), effects };
    });
  };

  /** The same of whole counts: a paper (or author) counts for an entity unless all the pairs that name it are wrong. */
  const doubtsOfWhole = (engine, packed, namings, query, rows) => {
    const weights = engine.weights(query), places = engine.places(query), kind = engine.ofKind(query.level, query.kind);
    const slot = new Int32Array(engine.entities[query.level].order.length).fill(-1);
    rows.forEach((row, k) => { slot[row.e] = k; });
    const targets = packed.of.map((institution) => {
      const to = places[institution];
      if (to === -1 || to === undefined || kind?.institution?.(institution) === false) return [];
      return (typeof to === "number" ? [to] : to.map(([entity]) => entity)).filter((e) => slot[e] >= 0 && kind?.entity?.(e) !== false).map((e) => slot[e]);
    });
    const mean = new Float64Array(rows.length), decided = new Float64Array(rows.length), effects = rows.map(() => new Map());
    const seen = new Int32Array(packed.p.length).fill(-1), naming = rows.map(() => []);
    /** Count a paper or author, of which `pairs` are those in the slice. */
    const count = (number, pairs) => {
      const named = new Set();
      for (const pair of pairs) {
        if (seen[pair] === number) continue;
        seen[pair] = number;
        for (const k of targets[pair]) { naming[k].push(pair); named.add(k); }
      }
      for (const k of named) {
        let lost = 1, sure = false;
        for (const pair of naming[k]) { lost *= 1 - packed.p[pair] / 1e5; sure ||= !packed.review[pair] || packed.p[pair] / 1e5 >= packed.probable; }
        mean[k] += 1 - lost;
        if (sure) decided[k]++;
        if (lost > 0) for (const pair of naming[k]) effects[k].set(pair, (effects[k].get(pair) ?? 0) + lost / (1 - packed.p[pair] / 1e5));
        naming[k].length = 0;
      }
    };
    let next = 0, number = 0;
    if (query.by === "publications") {
      const { cells, n, pair } = namings.papers;
      cells.forEach((papers, cell) => {
        for (const end = number + papers; number < end; number++) {
          if (weights[cell]) count(number, pair.slice(next, next + n[number]));
          next += n[number];
        }
      });
    } else {
      const { n, pair, cell } = namings.people;
      n.forEach((many, author) => {
        const own = [];
        for (const end = next + many; next < end; next++) if (weights[cell[next]]) own.push(pair[next]);
        count(author, own);
      });
    }
    return rows.map((_, k) => ({ mean: mean[k], decided: decided[k],
      effects: [...effects[k]].filter(([pair]) => packed.p[pair] > 0).map(([pair, effect]) => ({ p: packed.p[pair] / 1e5, review: Boolean(packed.review[pair]), pair, effect })) }));
  };

  const split = (out, at) => {
    const where = Math.min(Math.max(at, 0), out.length - 1), cell = Math.min(Math.floor(where + 1e-9), out.length - 2), part = Math.max(0, where - cell);
    out[cell] = 1 - part; out[cell + 1] = part;
  };

  /** The probabilities of the cells of a grid: large moves one by one, small ones together normal. */
  const convolved = (mean, moves, low, step, cells, small) => {
    let at = (mean - low) / step, rest = 0, out = new Float64Array(cells), moved = new Float64Array(cells);
    const large = moves.filter(({ move, shift, chance }) => {
      const by = move / step;
      if (Math.abs(by) >= small) { at += shift / step; return true; }
      rest += by * by * chance * (1 - chance);
      return false;
    });
    const deviation = Math.sqrt(rest);
    if (deviation > 0.4) {
      let before = 0;
      for (let c = 0; c < cells; c++) { const until = c === cells - 1 ? 1 : ndtr((c + 0.5 - at) / deviation); out[c] = until - before; before = until; }
    } else split(out, at);
    for (const { move, chance } of large) {
      const by = move / step, whole = Math.floor(by), part = by - whole;
      moved.fill(0);
      for (let c = 0; c < cells; c++) {
        if (out[c] === 0) continue;
        moved[Math.min(Math.max(c + whole, 0), cells - 1)] += (1 - part) * out[c];
        moved[Math.min(Math.max(c + whole + 1, 0), cells - 1)] += part * out[c];
      }
      for (let c = 0; c < cells; c++) out[c] += chance * (moved[c] - out[c]);
    }
    return out;
  };

  /** The atoms of a distribution: values and weights, largest first; `whole` numbers stand on a grid of such. */
  const atomsOf = ({ mean, effects }, whole, { coarse: COARSE, fine: FINE, reach: REACH, outside: OUTSIDE, far: FAR, small: SMALL, small_whole: SMALL_WHOLE, least: LEAST }) => {
    const moves = effects.map(({ p, effect }) => (p >= 0.5 ? { move: -effect, chance: 1 - p, shift: effect * (1 - p) } : { move: effect, chance: p, shift: -effect * p }));
    moves.sort((a, b) => Math.abs(b.move) - Math.abs(a.move));
    let soFar = 0, variance = 0, middle = mean, lowest = mean, highest = mean;
    for (const { move, chance, shift } of moves) {
      soFar += chance;
      if (soFar > FAR) variance += move * move * chance * (1 - chance); else middle += shift;
      lowest += shift + Math.min(move, 0); highest += shift + Math.max(move, 0);
    }
    let low = Math.max(lowest, middle - REACH * Math.sqrt(variance)), high = Math.min(highest, middle + REACH * Math.sqrt(variance));
    if (whole) [low, high] = [Math.floor(low + 1e-9), Math.ceil(high - 1e-9)];
    const small = whole ? SMALL_WHOLE : SMALL;
    const steps = (cells) => { const step = Math.max((high - low) / (cells - 1), 1e-12); return whole ? Math.max(Math.ceil(step - 1e-9), 1) : step; };
    let step = steps(COARSE);
    const coarse = convolved(mean, moves, low, step, COARSE, small);
    let until = 0, first = -1, last = COARSE - 1;
    for (let c = 0; c < COARSE; c++) {
      until += coarse[c];
      if (first < 0 && until > OUTSIDE) first = Math.max(c - 1, 0);
      if (until >= 1 - OUTSIDE) { last = Math.min(c + 1, COARSE - 1); break; }
    }
    [low, high] = [low + step * first, Math.min(low + step * last, high)];
    step = steps(FINE);
    const fine = convolved(mean, moves, low, step, FINE, small), values = [], weights = [];
    let sum = 0;
    for (let c = FINE - 1; c >= 0; c--) if (fine[c] > LEAST) { values.push(Math.round((low + step * c) * 1e9) / 1e9); weights.push(fine[c]); sum += fine[c]; }
    return { values, weights: weights.map((w) => w / sum) };
  };

  /** For each row its range and what is known of it: {low, high, ahead, inReview, decided}; `namings` are needed for whole counts. */
  const ranges = (engine, packed, query, rows, confidence, namings) => {
    const whole = query.by === "publications" || query.by === "authors";
    const doubts = whole ? doubtsOfWhole(engine, packed, namings, query, rows) : doubtsOf(engine, packed, query, rows), atoms = doubts.map((one) => atomsOf(one, whole, packed.grid));
    const size = atoms.reduce((all, { values }) => all + values.length, 0);
    const value = new Float64Array(size), weight = new Float64Array(size), spread = new Float64Array(size), above = atoms.map(({ weights }) => { let sum = 0; return weights.map((w) => { sum += w; return sum - w; }); });
    let next = 0;
    atoms.forEach(({ values, weights }, k) => values.forEach((v, j) => {
      const before = above[k][j], after = before + weights[j];
      value[next] = v; weight[next] = weights[j]; spread[next++] = after * (1 - after) - before * (1 - before);
    }));
    const order = new Uint32Array(size).map((_, k) => k).sort((a, b) => value[b] - value[a]);
    const sorted = Float64Array.from(order, (k) => value[k]), sums = new Float64Array(size + 1), variances = new Float64Array(size + 1);
    order.forEach((k, j) => { sums[j + 1] = sums[j] + weight[k]; variances[j + 1] = variances[j] + spread[k]; });
    const larger = (v) => { let low = 0, high = size; while (low < high) { const m = (low + high) >> 1; if (sorted[m] > v) low = m + 1; else high = m; } return low; };
    const decided = Float64Array.from(doubts, (d) => Math.round(d.decided * 1e9) / 1e9).sort();
    const quantile = (means, deviations, weights, level) => {
      let low = 1, high = rows.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        let reached = 0;
        for (let j = 0; j < weights.length; j++) reached += weights[j] * ndtr((middle - 0.5 - means[j]) / deviations[j]);
        if (reached >= level - 1e-6) high = middle; else low = middle + 1;
      }
      return low;
    };
    const beats = (one, other) => {
      let j = 0, sum = 0, out = 0;
      one.values.forEach((v, k) => {
        while (j < other.values.length && other.values[j] > v) sum += other.weights[j++];
        const tie = other.values[j] === v ? other.weights[j] : 0;
        out += one.weights[k] * (1 - sum - tie / 2);
      });
      return out;
    };
    return new Map(rows.map((row, k) => {
      const { values, weights } = atoms[k], means = [], deviations = [];
      values.forEach((v, j) => {
        const at = larger(v), own = above[k][j];
        means.push(sums[at] - own);
        deviations.push(Math.sqrt(Math.max(variances[at] - own * (1 - own), 1e-12)));
      });
      const variance = (some) => some.reduce((all, { p, effect }) => all + effect * effect * p * (1 - p), 0), all = variance(doubts[k].effects);
      let low = 0, high = decided.length;
      const mine = Math.round(doubts[k].decided * 1e9) / 1e9;
      while (low < high) { const m = (low + high) >> 1; if (decided[m] > mine) high = m; else low = m + 1; }
      return [row.e, {
        low: Math.min(row.rank, quantile(means, deviations, weights, (1 - confidence) / 2)), high: Math.max(row.rank, quantile(means, deviations, weights, (1 + confidence) / 2)),
        ahead: k + 1 < rows.length ? beats(atoms[k], atoms[k + 1]) : 1, inReview: all ? variance(doubts[k].effects.filter((d) => d.review)) / all : 0,
        decided: decided.length - low + 1,
        strings: [...new Set(doubts[k].effects.filter((d) => d.review && d.p >= packed.probable).map((d) => d.pair).sort((a, b) => packed.gains[b] - packed.gains[a]).map((pair) => packed.strings[pair]))].slice(0, packed.named) }];
    }));
  };

  window.affil.ranges = ranges;
})();
