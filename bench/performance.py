"""What is said of the figures: docs/performance.md with its picture, and the costs of docs/scale.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bench.methods import BASELINES

# What is promised: (figure, what it means, comparison, target)
TARGETS = (
    ("distinct_rate", "distinct strings/s, `affil match` of a file, reading and writing included", ">=", 2000),
    ("stream_rate", "strings/s of the raw stream with its repeats, the same", ">=", 20_000),
    ("ratio_a", "times as fast as (a), one thread each", ">=", 30),
    ("ratio_b", "times as fast as (b), one thread each", ">=", 2.5),
    ("f1_above", "F1 above the best of (a) and (b) on the same rows", ">=", 0.1),
    ("peak_mb", "MB of memory, the largest process", "<=", 1024),
    ("build_seconds", "s to build the registry's index", "<=", 30),
    ("start_seconds", "s from the command to the first match", "<=", 1.5),
    ("help_seconds", "s for `affil --help`", "<=", 0.3),
    ("registry_growth", "times the time a string with four times the registry", "<=", 2),
    ("input_growth", "times the processor time for ten times the strings, the worst step", "<=", 11),
    ("memory_growth", "times the memory for ten times the strings, the last step", "<=", 1.25),
)  # fmt: skip


ROWS = 500_000_000


def headline(r: dict[str, Any]) -> dict[str, float]:
    """The figures of `TARGETS`."""
    files, ratios, inputs_ = r["files"], r["ratios"], r["inputs"]
    distinct, stream = (files[f"{kind}_{files['cores']}"] for kind in ("distinct", "stream"))
    f1 = ratios["f1"]
    small, large = r["registries"][-2:]
    size = large["institutions"] / small["institutions"]
    slower = large["seconds"]["affil"] / small["seconds"]["affil"]
    return {
        "distinct_rate": distinct["rows"] / distinct["wall"],
        "stream_rate": stream["rows"] / stream["wall"],
        "ratio_a": ratios["ratios"]["a"]["median"],
        "ratio_b": ratios["ratios"]["b"]["median"],
        "f1_above": f1["affil"]["all"] - max(f1["a"]["all"], f1["b"]["all"]),
        "peak_mb": max(distinct["mb"], stream["mb"], *(x["mb"] for x in inputs_)),
        "build_seconds": r["build"]["wall"],
        "start_seconds": r["start"]["first"]["wall"],
        "help_seconds": r["start"]["help"]["wall"],
        "registry_growth": slower ** (np.log(4) / np.log(size)),
        "input_growth": max(b["cpu"] / a["cpu"] * 10 * a["rows"] / b["rows"] for a, b in pairwise(inputs_)),
        "memory_growth": (inputs_[-1]["mb"] / inputs_[-2]["mb"]),
    }


def reached(value: float, comparison: str, target: float) -> bool:
    return value >= target if comparison == ">=" else value <= target


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ranged(s: dict[str, float]) -> str:
    return f"{number(s['median'])} ({number(s['low'])} to {number(s['high'])})"


def targets(r: dict[str, Any]) -> str:
    figures = headline(r)
    rows = [
        [meaning, number(figures[key]), f"{sign} {number(target)}", "yes" if reached(figures[key], sign, target) else "**no**"]
        for key, meaning, sign, target in TARGETS
    ]
    return table(["figure", "measured", "promised", "kept"], rows)


METHODS = {"affil": "**affil**"} | {key: name for key, (name, _) in BASELINES.items()}


def compared(r: dict[str, Any]) -> str:
    ratios, methods = r["ratios"], r["methods"]
    rows = [
        [
            name,
            ranged(ratios["rates"][key]),
            number(ratios["rates"][key]["median"] * ratios["repeats"]),
            "1" if key == "affil" else ranged(ratios["ratios"][key]),
            f"{ratios['f1'][key]['all']:.3f}",
            number(r["build"]["cpu"] if key == "affil" else methods[key]["build"]),
            number(methods[key]["mb"]),
        ]
        for key, name in METHODS.items()
    ]
    head = ["method", "strings/s, distinct", "strings/s, with repeats", "affil is times as fast", "F1", "s to build", "MB"]
    return table(head, rows)


def f1_by_set(ratios: dict[str, Any]) -> str:
    sets = list(ratios["gold"])
    rows = [[name, *(f"{ratios['f1'][key][s]:.3f}" for s in sets)] for key, name in METHODS.items()]
    return table(["F1 by set", *(f"{s} ({ratios['gold'][s]})" for s in sets)], rows)


def whole_files(files: dict[str, Any]) -> str:
    kinds = {"distinct": "distinct strings", "stream": "raw stream with repeats"}
    rows = [
        [text, str(w), f"{x['rows']:,}", f"{x['distinct']:,}", number(x["wall"]), f"{number(x['low'])} to {number(x['high'])}",
         number(x["cpu"]), number(x["rows"] / x["wall"]), number(x["mb"])]
        for kind, text in kinds.items() for w in dict.fromkeys((1, files["cores"])) for x in [files.get(f"{kind}_{w}")] if x
    ]  # fmt: skip
    head = ["`affil match`", "workers", "rows", "distinct", "s", "spread", "processor s", "strings/s", "MB, largest process"]
    return table(head, rows)


def by_registry(registries: Sequence[dict[str, Any]]) -> str:
    rows = [[f"{x['institutions']:,}", f"{x['names']:,}", *(number(1000 * x["seconds"][k]) for k in ("affil", "a", "b")),
             number(x["build"]), number(x["mb"])] for x in registries]  # fmt: skip
    return table(["institutions", "names", "affil, ms a string", "(a), ms", "(b), ms", "s to build", "MB"], rows)


def by_input(inputs: Sequence[dict[str, Any]]) -> str:
    rows = [[f"{x['rows']:,}", *map(number, (x["wall"], x["cpu"], x["rows"] / x["wall"], x["mb"]))] for x in inputs]
    return table(["rows", "s", "processor s", "strings/s", "MB, largest process"], rows)


def report(r: dict[str, Any]) -> str:
    """The text of docs/performance.md."""
    m, ratios, first, build = r["machine"], r["ratios"], r["start"]["first"], r["build"]
    stages = table(["stage", "share"], [[name, f"{share:.0%}"] for name, share in r["stages"].items()])
    note = f"\n{textwrap.fill(r['note'], 128)}\n" if r.get("note") else ""
    return f"""# Performance

Made by `scripts/bench --write`{" (`--quick`: small samples)" if r["quick"] else ""}, all in one run; change it there.
Measured {r["date"]} at commit {r["commit"]} on {m["processor"]}, {m["cores"]} cores, {m["memory_gb"]} GB, {m["system"]}, Python
{m["python"]}; load average {m["load"]} when it began. Registry: {r["registry"]} ({r["institutions"]:,} institutions,
{ratios["names"]:,} names). Strings: {r["strings"]:,} distinct of {r["stream"]:,}.
{note}
![Rates and growth](images/performance.svg)

## What is promised

{targets(r)}

## Against plain ways to match

The same strings, the same names, one thread each, in rounds that alternate; median and range of the rounds by processor time. Each
baseline has the threshold that suits it best on the rows it is scored on, affil its own. With repeats: every string asked once.
F1 over pairs of string and institution, affil with {ratios["model"]}, on {sum(ratios["gold"].values()):,} rows whose ids the registry has.

{compared(r)}

{f1_by_set(ratios)}

## Whole files

From the start of the command to its end: reading, matching, writing, and loading the registry.

{whole_files(r["files"])}

First answer after {number(first["wall"])} s ({number(first["low"])} to {number(first["high"])}), help after
{number(r["start"]["help"]["wall"])} s. The registry is built in {number(build["wall"])} s ({number(build["cpu"])} s of processor,
{number(build["mb"])} MB).

## Growth with the registry

Smaller ones are parts of it, larger ones have copies in whose names one distinctive word is another. Processor time on one thread.

{by_registry(r["registries"])}

## Growth with the input

A stream of which a quarter is new at any length, as in papers; `affil match` with {r["files"]["cores"]} workers.

{by_input(r["inputs"])}

## Where the time goes

{stages}
"""


def cluster(r: dict[str, Any]) -> str:
    """What the Spark engine takes, and what half a billion strings would."""
    spark = r["spark"]
    share = r["strings"] / r["stream"]
    hours = {
        text: (ROWS * new * spark["string"] + ROWS * spark["row"]) / 3600
        for text, new in ((f"as many repeats as in papers ({share:.0%} new)", share), ("every string new", 1.0))
    }
    rows = [[text, number(h), number(h / 64), number(h * 0.05)] for text, h in hours.items()]
    where = f"{r['machine']['processor']}, {r['machine']['cores']} cores"
    return f"""Measured {r["date"]} at commit {r["commit"]} on {where}, by `scripts/bench --write`.

- A new string takes {number(1000 * spark["string"])} ms of one processor, a row {number(1e6 * spark["row"])} µs more (to find what is
  distinct, and to join the answers back), a start {number(spark["start"])} s.

{table(["500 million strings", "processor hours", "hours on 64 processors", "US$ at 5 cents an hour"], rows)}"""


def put(path: Path, text: str) -> None:
    """Put figures between the marks of a document."""
    marks = ("<!-- figures by scripts/bench -->", "<!-- end of figures -->")
    before, _, rest = path.read_text("utf-8").partition(marks[0])
    path.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{rest.partition(marks[1])[2]}", "utf-8")


def draw(r: dict[str, Any], path: Path) -> None:
    """Rates, growth with the registry and growth with the input, side by side."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "affil", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot

    colors = {"affil": "#1f6f8b", "a": "#c1666b", "b": "#d4a24e", "c": "#8d8d8d"}
    labels = {"affil": "affil", "a": "(a) rapidfuzz", "b": "(b) trigrams", "c": "(c) recordlinkage"}
    figure, (left, centre, right) = pyplot.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    rates = {key: r["ratios"]["rates"][key] for key in labels}
    y = range(len(rates))
    errors = [[x["median"] - x["low"] for x in rates.values()], [x["high"] - x["median"] for x in rates.values()]]
    left.barh(y, [x["median"] for x in rates.values()], xerr=errors, color=[colors[k] for k in rates])
    left.set_yticks(y, [f"{labels[k]}\nF1 {r['ratios']['f1'][k]['all']:.2f}" for k in rates])
    left.invert_yaxis()
    left.set(xscale="log", title="Distinct strings/s, one thread")
    for key in ("affil", "a", "b"):
        centre.plot([x["institutions"] for x in r["registries"]], [1000 * x["seconds"][key] for x in r["registries"]],
                    "o-", color=colors[key], label=labels[key])  # fmt: skip
    centre.set(xscale="log", yscale="log", xlabel="institutions", title="ms a string by size of registry")
    sizes = [x["institutions"] for x in r["registries"]]
    centre.set_xticks(sizes, [f"{size:,}" for size in sizes])
    centre.minorticks_off()
    centre.legend(frameon=False)
    right.plot([x["rows"] for x in r["inputs"]], [x["wall"] for x in r["inputs"]], "o-", color=colors["affil"])
    right.set(xscale="log", yscale="log", xlabel="rows", title="Seconds (line) and MB (bars) by rows")
    memory = right.twinx()
    memory.bar([x["rows"] for x in r["inputs"]], [x["mb"] for x in r["inputs"]], width=[0.3 * x["rows"] for x in r["inputs"]],
               color="#1f6f8b", alpha=0.2)  # fmt: skip
    memory.set_ylim(0, 1024)
    figure.savefig(path, metadata={"Date": None})
