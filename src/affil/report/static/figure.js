"use strict";
/* Charts that can be taken along: SVG, PNG and CSV, a frame for another page, an address. */
(() => {
  const root = document.documentElement, T = root.dataset;  // its texts
  const drawn = (figure) => [...figure.querySelectorAll(".plot svg")].find((svg) => svg.getClientRects().length) ?? figure.querySelector(".plot svg");
  const title = (figure) => figure.dataset.title || document.title;
  const file = (figure, kind) => `${title(figure).normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 80)}.${kind}`;
  const shown = (one) => new URL(one).protocol === "file:" ? "" : ` · ${one.split("#")[0]}`;

  /** The chart as a file of its own: with title, source, paper and ink of the page. */
  const standing = (figure) => {
    const style = getComputedStyle(document.body), svg = drawn(figure).cloneNode(true);
    const [x, y, width, height] = svg.getAttribute("viewBox").split(" ").map(Number), size = Math.max(11, width / 60), top = size * 2.6, foot = size * 2.4, pad = size;
    const out = document.createElementNS("http://www.w3.org/2000/svg", "svg"), all = [width + 2 * pad, height + top + foot];
    out.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    out.setAttribute("viewBox", `0 0 ${all.join(" ")}`);
    [out.style.color, out.style.background] = [style.color, style.getPropertyValue("--sheet") || style.backgroundColor];
    const text = (at, words, more) => `<text x="${pad}" y="${at}" fill="currentColor" font-family="system-ui, 'Noto Sans', sans-serif" ${more}>${affil.escape(words)}</text>`;
    out.innerHTML = `<rect width="100%" height="100%" fill="${out.style.background}"/>${text(size * 1.8, title(figure), `font-size="${size * 1.2}" font-weight="700"`)}${text(all[1] - size * 0.8, T.source + shown(affil.address()), `font-size="${size * 0.8}" opacity=".75"`)}`;
    for (const name of ["style", "class", "width", "height"]) svg.removeAttribute(name);
    for (const [name, value] of [["x", pad], ["y", top], ["width", width], ["height", height], ["viewBox", [x, y, width, height].join(" ")]]) svg.setAttribute(name, value);
    out.append(svg);
    return [out, all];
  };

  const asPng = async (figure) => {
    const [svg, [width, height]] = standing(figure), scale = Math.max(2, 1600 / width), picture = new Image();
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    picture.src = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
    canvas.getContext("2d").drawImage(picture, 0, 0);
    URL.revokeObjectURL(picture.src);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  };

  const asCsv = (figure) => {
    const [columns, rows] = figure.shown ?? JSON.parse(figure.querySelector(".rows").textContent);
    return affil.csv([columns, ...rows]);
  };

  const TAKE = {
    svg: (figure) => affil.save(new Blob([new XMLSerializer().serializeToString(standing(figure)[0])], { type: "image/svg+xml" }), file(figure, "svg")),
    png: async (figure) => affil.save(await asPng(figure), file(figure, "png")),
    csv: (figure) => affil.save(asCsv(figure), file(figure, "csv")),
    embed: (figure) => affil.copy(`<iframe src="${affil.escape(affil.address({ embed: figure.id }))}" title="${affil.escape(title(figure))}" width="100%" height="480" style="border:0" loading="lazy"></iframe>`),
    link: () => affil.copy(affil.address()),
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-take]");
    if (!button) return;
    const kind = button.dataset.take, words = button.textContent;
    await TAKE[kind](button.closest("figure"));
    if (kind === "embed" || kind === "link") {
      button.textContent = T.copied;
      setTimeout(() => { button.textContent = words; }, 2000);
    }
  });

  /** Only one chart, with its title and source, as a frame in another page. */
  const alone = affil.options().get("embed"), figure = alone && document.getElementById(alone);
  if (figure) {
    figure.classList.add("embedded");
    const source = document.createElement("p");
    source.className = "alone source";
    source.innerHTML = `<a target="_blank" rel="noopener" href="${affil.escape(affil.address({ embed: null }))}">${affil.escape(T.source)}</a>`;
    figure.append(source);
  } else root.classList.remove("embed");
})();
