"use strict";
/* Charts: drawn by Vega from their specifications where they come near the view, and taken along as SVG, PNG, CSV, a frame or an address. */
(() => {
  const root = document.documentElement, T = root.dataset, figures = new Map();  // T: its texts
  const NARROW = 450, TAKEN = 1000;  // pixels: below, a chart is drawn as for a phone; width of one that is taken along
  const BELOW = 13;  // pixels: the size of the lines below the title of such a one
  let library;

  /** Vega, loaded with the first chart. */
  const vega = () => (library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${T.root}static/vega.js`;
    script.onload = () => done(affil.vega);
    script.onerror = () => { library = undefined; failed(new Error("static/vega.js")); };
    document.head.append(script);
  }));

  /** The rows of a table as objects for a chart, as `tidy` and `places` of report/charts.py make them. */
  const tidy = ({ columns, rows }) => rows.flatMap(([x, ...values]) => columns.slice(1).map((who, k) => ({ x, who, value: values[k] })));
  const places = ({ rows }) => rows.map(([name, lon, lat, value, page], k) => ({ name, lon, lat, value, page, place: String(k) }));
  const is = (value) => value !== null && value !== undefined && value !== "" && !Number.isNaN(value);
  const isMap = (one) => "signals" in one.spec;

  const options = (one, config) => ({ mode: isMap(one) ? "vega" : "vega-lite", config, renderer: "svg", actions: false });

  /** A specification with its data and parameters. */
  const ready = async ({ spec, values, params }, more) => {
    const all = { ...params, ...more }, set = (list) => list.map((p) => (p.name in all ? { ...p, value: all[p.name], update: undefined } : p));
    if (!spec.signals) return { ...spec, params: set(spec.params), data: { ...spec.data, values } };
    const world = await affil.load("world"), held = { world, rows: values };
    return { ...spec, signals: set(spec.signals), data: spec.data.map((d) => (held[d.name] ? { ...d, values: held[d.name] } : d)) };
  };

  /** Draw a figure, or bring its drawing up to date. */
  const draw = async (one) => {
    const { figure, plot } = one, { embed, config } = await vega();
    if (!one.values.some(({ value }) => is(value))) {
      one.view?.finalize();
      one.view = undefined;
      plot.innerHTML = `<p class="none">${affil.escape(one.nothing ?? "")}</p>`;
      return;
    }
    if (one.view) {
      one.view.data("rows", one.values);
      for (const [name, value] of Object.entries(one.params)) one.view.signal(name, value);
      await one.view.runAsync();
      plot.querySelector("svg").setAttribute("aria-label", one.label);
      return;
    }
    plot.style.minHeight = `${plot.clientHeight}px`;
    one.params.narrow = plot.clientWidth < NARROW;
    const { view } = await embed(plot, { ...(await ready(one)), description: one.label }, options(one, config));
    one.view = view;
    plot.style.minHeight = "";
    new ResizeObserver(() => {
      const narrow = plot.clientWidth < NARROW;
      if (narrow !== one.params.narrow) view.signal("narrow", (one.params.narrow = narrow)).resize().runAsync();  // there is more or less above it
    }).observe(plot);
    figure.dispatchEvent(new CustomEvent("affil-drawn", { detail: view }));
  };
  /** One drawing of a figure after the other. */
  const drawn = (one) => (one.drawing = (one.drawing ?? Promise.resolve()).catch(() => {}).then(() => draw(one)));

  /** Show other rows, under another title or with other parameters, in a figure. */
  affil.chart = (figure, { label, columns, rows, values, nothing, caveat, ...params }) => {
    const one = figures.get(figure) ?? begin(figure);
    Object.assign(one, { label: label ?? one.label, columns, rows, nothing, values: values ?? tidy({ columns, rows }) });
    Object.assign(one.params, params);
    if (caveat !== undefined) figure.dataset.caveat = caveat;
    figure.dataset.title = figure.querySelector(".alone").textContent = one.label;
    if (figure.classList.contains("embedded")) affil.alone();
    return drawn(one).then(() => { figure.shown = true; return one.view; });
  };

  const begin = (figure) => {
    const given = JSON.parse(figure.querySelector(".rows").textContent), plot = figure.querySelector(".plot");
    const one = { figure, plot, label: figure.dataset.title, params: {}, ...given, values: ("signals" in given.spec ? places : tidy)(given) };
    figures.set(figure, one);
    return one;
  };

  const near = new IntersectionObserver((all) => {
    for (const { isIntersecting, target } of all)
      if (isIntersecting) { near.unobserve(target); drawn(figures.get(target) ?? begin(target)); }
  }, { rootMargin: "0px" });
  const first = (act) => { for (const sign of ["pointermove", "pointerdown", "keydown", "scroll"]) window.addEventListener(sign, act, { once: true, passive: true }); };
  /** Draw a figure when it comes near the view, but not before the reader does something, as it is drawn already. */
  const later = (figure) => first(() => near.observe(figure));
  for (const figure of document.querySelectorAll("figure.chart:not(.empty)")) if (figure.querySelector(".plot > *")) later(figure); else near.observe(figure);
  /** Draw a figure now. */
  affil.wake = (figure) => { if (!figures.has(figure)) drawn(begin(figure)); };
  /** Give a figure its rows, to be drawn when it comes near the view. */
  affil.fill = (figure, { label, columns, rows }) => {
    Object.assign(begin(figure), { label, columns, rows, values: tidy({ columns, rows }) });
    figure.dataset.title = figure.querySelector(".alone").textContent = label;
    figure.classList.remove("empty");
    near.observe(figure);
  };

  /** Draw all for paper. Where the library is there, no drawing awaits more than promises, so that all are drawn before pages are laid out. */
  const undrawn = () => [...document.querySelectorAll("figure.chart:not(.empty)")].filter((figure) => !figure.querySelector(".plot > *"));
  const print = () => { for (const figure of undrawn()) { near.unobserve(figure); drawn(figures.get(figure) ?? begin(figure)); } };
  window.addEventListener("beforeprint", print);
  window.matchMedia("print").addEventListener("change", ({ matches }) => { if (matches) print(); });
  // So it is loaded before the page is, but on a phone, which it would block for a second: there by what a reader does first.
  if (window.matchMedia("(min-width: 40rem)").matches) vega().catch(() => {}); else first(() => vega().catch(() => {}));

  /** A text in lines as wide as a chart that is taken along; one of Chinese may end behind each letter. */
  const wrapped = (text, font) => {
    const lines = [""], pen = document.createElement("canvas").getContext("2d"), fits = (line) => pen.measureText(line).width <= TAKEN;
    pen.font = `${BELOW}px ${font}`;
    for (const part of text.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) ?? []) if (fits(lines.at(-1) + part.trimEnd())) lines[lines.length - 1] += part; else lines.push(part);
    return lines.map((line) => line.trim());
  };
  /** Where a chart is from: the site and, of one that is published, its address. */
  const source = () => { const address = affil.address(); return T.source + (new URL(address).protocol === "file:" ? "" : ` · ${address.split("#")[0]}`); };

  /** The figure drawn once more to stand alone: with title, source, what a reader must know of it, paper and ink of the page. */
  const standing = async (one) => {
    const { embed, config } = await vega(), style = getComputedStyle(document.body), at = document.createElement("div");
    const seen = one.view && isMap(one) ? { at: one.view.signal("at") } : {}, axis = one.params.axis ?? one.spec.params?.find((p) => p.name === "axis").value;
    const title = { text: one.label, subtitle: [axis, source(), ...wrapped(one.figure.dataset.caveat ?? "", config.font)].filter(Boolean), anchor: "start", fontSize: 17, fontWeight: "bold", subtitleFontSize: BELOW, subtitlePadding: 6, limit: TAKEN, offset: 14 };
    const inked = (value) => JSON.parse(JSON.stringify(value).replaceAll("currentColor", style.color));
    const spec = { ...inked(await ready(one, { narrow: false, width: TAKEN, ...seen })), width: TAKEN, padding: 16, title: { ...title, color: style.color, subtitleColor: style.color }, background: style.getPropertyValue("--sheet") };
    if (isMap(one)) spec.autosize = "pad"; else spec.autosize = { type: "fit-x", contains: "padding" };
    return (await embed(at, spec, options(one, inked(config)))).view;
  };
  const file = ({ label }, kind) => `${label.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 80)}.${kind}`;
  const TAKE = {
    svg: async (one) => affil.save(new Blob([await (await standing(one)).toSVG()], { type: "image/svg+xml" }), file(one, "svg")),
    png: async (one) => affil.save(await (await fetch(await (await standing(one)).toImageURL("png", 2))).blob(), file(one, "png")),
    csv: (one) => affil.save(affil.csv([one.columns, ...one.rows.map((row) => row.slice(0, one.columns.length)), [], [one.label], [source()], ...(one.figure.dataset.caveat ? [[one.figure.dataset.caveat]] : [])]), file(one, "csv")),
    embed: ({ figure, label }) => affil.copy(`<iframe src="${affil.escape(affil.address({ embed: figure.id }))}" title="${affil.escape(label)}" width="100%" height="600" style="border:0" loading="lazy"></iframe>`),
    link: () => affil.copy(affil.address()),
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-take]");
    if (!button) return;
    const kind = button.dataset.take, words = button.textContent, figure = button.closest("figure");
    await TAKE[kind](figures.get(figure) ?? begin(figure));
    if (kind === "embed" || kind === "link") {
      button.textContent = T.copied;
      setTimeout(() => { button.textContent = words; }, 2000);
    }
  });

  /** Only one chart, with its title and source, as a frame in another page. */
  affil.alone = () => {
    const name = affil.options().get("embed"), figure = name && document.querySelector(`figure.chart[id="${CSS.escape(name)}"]`);
    root.classList.toggle("embed", Boolean(figure));
    affil.unknown("embed", name === null || figure ? [] : [`embed=${name}`]);
    if (!figure) return;
    figure.classList.add("embedded");
    const below = (name, inside) => { const made = figure.querySelector(`.${name}`) ?? figure.appendChild(document.createElement("p")); made.className = `alone ${name}`; made.innerHTML = inside; };
    below("source", `<a target="_blank" rel="noopener" href="${affil.escape(affil.address({ embed: null }))}">${affil.escape(T.source)}</a>`);
    below("caveat", affil.escape(figure.dataset.caveat ?? ""));
  };
  affil.alone();
})();
