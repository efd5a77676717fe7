"use strict";
/* Lines over years and dots by area as SVG: what report/plot.py draws, in the page. */
(() => {
  const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8C6BB1", "#7F7F7F"];
  const DASHES = ["", "7 3", "2 2", "8 3 2 3", "", "7 3", "2 2", "8 3 2 3"];
  const FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', sans-serif";
  const SIZE = 13, ROW = 20, TOP = 26;
  const POINTS = ["M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0", "M-3.3-3.3h6.6v6.6h-6.6z", "M0-4.4L4.2 3.4H-4.2z", "M0-4.6L4.6 0L0 4.6L-4.6 0z",
    "M-1.4-4.2h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8v-2.8h2.8z", "M0 4.4L4.2-3.4H-4.2z", "M4.4 0L-3.4 4.2V-4.2z", "M-4.4 0L3.4 4.2V-4.2z"];
  const { escape } = affil;
  const is = (v) => v !== null && v !== undefined && !Number.isNaN(v);
  const wide = (text) => [...text].reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e7f || "%MWm@".includes(c) ? SIZE : SIZE * 0.64), 0);
  const fit = (text, room) => (wide(text) > room ? ` font-size="${((SIZE * room) / wide(text)).toFixed(1)}"` : "");
  const shown = (value, share, digits = 2) => new Intl.NumberFormat("en", { style: share ? "percent" : "decimal", maximumFractionDigits: digits }).format(value).replace("-0", "0");

  const ticksOf = (low, high, share, wanted = 5) => {
    const rough = (high - low > 1e-6 ? high - low : 1) / wanted, power = 10 ** Math.floor(Math.log10(rough));
    let step = [1, 2, 2.5, 5, 10].map((s) => s * power).find((s) => s >= rough * 0.999);
    if (!share && high >= wanted) step = Math.max(1, Math.round(step));
    const first = Math.floor(low / step + 1e-9), last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
    return Array.from({ length: last - first + 1 }, (_, k) => Math.round((first + k) * step * 1e9) / 1e9);
  };

  const legend = (names, width) => {
    const places = [];
    let x = 0, row = 0;
    for (const name of names) {
      const needed = 28 + wide(name) + 18;
      if (x && x + needed > width) [x, row] = [0, row + 1];
      places.push([x, 10 + row * ROW]);
      x += needed;
    }
    return [places, row + 1];
  };

  const point = (n, [x, y], told, faint) => `<path d="${POINTS[n]}" transform="translate(${x.toFixed(1)} ${y.toFixed(1)})" stroke="none"${faint ? " opacity='.5'" : ""}><title>${escape(told)}</title></path>`;
  const svg = (label, width, height, parts) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.round(height)}" role="img" aria-label="${escape(label)}" fill="currentColor" font-family="${FONT}" font-size="${SIZE}">${parts.join("")}</svg>`;

  /** `lines` are [name, values]; without any value, an empty text. */
  const draw = (label, axis, years, lines, { share = false, apart = false, size = [1000, 380] } = {}) => {
    const known = lines.flatMap(([, values]) => values.filter(is));
    if (!known.length) return "";
    const [width, height] = size, ticks = ticksOf(Math.min(0, ...known), Math.max(...known), share), words = ticks.map((t) => shown(t, share));
    const [places, rows] = legend(lines.map(([name]) => name), width);
    const left = Math.max(...words.map(wide)) + 10, right = 14, top = rows * ROW + TOP, bottom = 26, span = ticks.at(-1) - ticks[0];
    const step = (width - left - right) / years.length, x = (k) => left + step * (k + 0.5), y = (v) => height - bottom - ((v - ticks[0]) / span) * (height - top - bottom);
    const out = [`<text x="0" y="${top - 12}"${fit(axis, width)}>${escape(axis)}</text>`];
    ticks.forEach((tick, k) => {
      out.push(`<path d="M${left.toFixed(1)} ${y(tick).toFixed(1)}H${(width - right).toFixed(1)}" stroke="currentColor" stroke-opacity="${tick === 0 ? ".5" : ".15"}"/>`);
      out.push(`<text x="${(left - 6).toFixed(1)}" y="${(y(tick) + 4.5).toFixed(1)}" text-anchor="end">${words[k]}</text>`);
    });
    const each = Math.ceil((Math.max(...years.map(wide)) + 8) / step);
    years.forEach((year, k) => { if ((years.length - 1 - k) % each === 0) out.push(`<text x="${x(k).toFixed(1)}" y="${height - 7}" text-anchor="middle">${escape(year)}</text>`); });
    lines.forEach(([name, values], n) => {
      const at = values.map((v, k) => (is(v) ? [x(k), y(v)] : null)), dash = DASHES[n] ? ` stroke-dasharray="${DASHES[n]}"` : "", [keyX, keyY] = places[n];
      const line = (apart ? at.slice(0, -1) : at).map((p, k) => (p ? `${k && at[k - 1] ? "L" : "M"}${p[0].toFixed(1)} ${p[1].toFixed(1)}` : "")).join("");
      const points = at.map((p, k) => (p ? point(n, p, `${name} ${years[k]}: ${shown(values[k], share, 1)}`, apart && k === at.length - 1) : "")).join("");
      out.push(`<g stroke="${COLOURS[n]}" fill="${COLOURS[n]}"><path d="${line}" fill="none" stroke-width="2.5"${dash}/>${points}<path d="M${keyX.toFixed(1)} ${keyY}h22" stroke-width="2.5"${dash}/><path d="${POINTS[n]}" transform="translate(${(keyX + 11).toFixed(1)} ${keyY})" stroke="none"/></g><text x="${(keyX + 28).toFixed(1)}" y="${(keyY + 4.5).toFixed(1)}"${fit(name, width - 28)}>${escape(name)}</text>`);
    });
    return svg(label, width, height, out);
  };

  /** Shares of [name, values] by area: one row an area, a dot a name. */
  const dots = (label, axis, areas, shares, { size = [1000, 380] } = {}) => {
    const known = shares.flatMap(([, values]) => values.filter(is));
    if (!known.length) return "";
    const narrow = size[0] < 450, ticks = ticksOf(0, Math.max(...known), true, narrow ? 4 : 8), [places, rows] = legend(shares.map(([name]) => name), size[0]);
    const beside = narrow ? 0 : Math.max(...areas.map(wide)) + 14, left = beside + 14, right = 22, top = rows * ROW + 12, each = narrow ? 42 : 30, foot = top + each * areas.length;
    const x = (v) => left + (v / ticks.at(-1)) * (size[0] - left - right), row = (k) => top + each * (k + (narrow ? 0.7 : 0.5)), out = [];
    for (const tick of ticks) {
      out.push(`<path d="M${x(tick).toFixed(1)} ${top}V${foot}" stroke="currentColor" stroke-opacity=".15"/>`);
      out.push(`<text x="${x(tick).toFixed(1)}" y="${foot + 17}" text-anchor="middle">${shown(tick, true)}</text>`);
    }
    out.push(`<text x="${size[0] - right}" y="${foot + 38}" text-anchor="end">${escape(axis)}</text>`);
    areas.forEach((area, k) => {
      const [nameX, nameY, anchor] = narrow ? [0, row(k) - 13, "start"] : [beside, row(k) + 4.5, "end"];
      out.push(`<path d="M${left.toFixed(1)} ${row(k).toFixed(1)}H${(size[0] - right).toFixed(1)}" stroke="currentColor" stroke-opacity=".3"/>`);
      out.push(`<text x="${nameX.toFixed(1)}" y="${nameY.toFixed(1)}" text-anchor="${anchor}">${escape(area)}</text>`);
    });
    shares.forEach(([who, values], n) => {
      const at = [...values.map((v, k) => (is(v) ? [x(v), row(k)] : null)), [places[n][0] + 11, places[n][1]]];
      const told = [...values.map((v, k) => `${who}, ${areas[k]}: ${is(v) ? shown(v, true, 1) : ""}`), who];
      out.push(`<g fill="${COLOURS[n]}">${at.map((p, k) => (p ? point(n, p, told[k]) : "")).join("")}</g><text x="${(places[n][0] + 24).toFixed(1)}" y="${(places[n][1] + 4.5).toFixed(1)}"${fit(who, size[0] - 24)}>${escape(who)}</text>`);
    });
    return svg(label, size[0], foot + 46, out);
  };

  /** Put a chart into a figure, for wide and narrow screens, with what its download holds; without data, say so. */
  affil.plot = (figure, label, draw, [columns, rows], nothing) => {
    const plots = [...figure.querySelectorAll(".plot")];
    [[1000, 380], [350, 310]].forEach((size, k) => { plots[k].innerHTML = draw(size) || `<p class="none">${escape(nothing)}</p>`; });
    figure.dataset.title = label;
    figure.querySelector(".alone").textContent = label;
    figure.shown = [columns, rows];
  };
  Object.assign(affil, { lineChart: draw, dotChart: dots });
})();
