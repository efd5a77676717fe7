"""The usual names of columns, in English, Chinese, German, French and Spanish, as exports and people write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

AFFILIATION = frozenset({
    "affiliation", "affiliations", "author affiliation", "author affiliations", "authors' affiliations", "author's affiliation",
    "raw affiliation", "raw affiliations", "raw affiliation string", "raw affiliation strings", "affiliation string",
    "affiliation strings", "affiliation name", "c1", "address", "addresses", "author address", "author addresses",
    "authors with affiliations", "institution", "institutions", "institution name", "institute", "institutes", "organisation",
    "organisations", "organization", "organizations",
    "adresse", "adressen", "institutsadresse", "autorenadresse", "einrichtung", "einrichtungen", "affiliationen", "zugehörigkeit",
    "adresses", "établissement", "établissements", "affiliation des auteurs", "adresse des auteurs",
    "dirección", "direcciones", "institución", "instituciones", "afiliación", "afiliaciones", "filiación", "filiaciones",
    "归属机构", "带归属机构的作者",
    "机构", "机构名称", "作者机构", "所属机构", "所属单位", "所屬單位",
    "单位", "单位名称", "作者单位", "作者单位名称", "第一作者单位", "工作单位", "所在单位",
    "地址", "作者地址", "通讯地址", "机构地址", "機構", "機構名稱", "作者機構", "單位", "單位名稱", "作者單位", "所屬機構", "服務單位",
    "服务单位", "所属", "所属機関", "소속", "소속기관",
})  # fmt: skip
"""Names of columns with affiliation strings, as `plain` gives them."""

PAPERS = {
    "paper": ("paper", "paper id", "paper no", "article id", "work id", "record id", "id", "论文", "論文編號", "论文编号", "论文id", "文章编号",
              "文献编号", "編號", "编号"),
    "title": ("title", "paper title", "article title", "document title", "titel", "titre", "título",
              "论文题目", "论文标题", "题目", "题名", "标题", "篇名",
              "文章标题", "題名", "標題"),
    "venue": ("venue", "venue name", "journal", "journal title", "journal name", "source title", "publication title",
              "publication name", "conference", "conference name", "journal/conference", "publication", "source",
              "zeitschrift", "quelle", "konferenz", "revue", "revista", "fuente", "期刊", "期刊名称",
              "刊名", "刊物名称", "刊物", "会议", "会议名称", "文献来源", "来源出版物", "来源", "期刊名稱", "會議", "來源"),
    "year": ("year", "publication year", "pub year", "published year", "py", "jahr", "erscheinungsjahr", "année", "año",
             "年份", "发表年份", "出版年", "发表年", "年度", "年",
             "发表时间", "發表時間", "出版时间", "发表日期",
             "發表年份"),
    "author": ("author", "author name", "authors", "author names", "author(s)", "author full names", "autor", "autoren", "auteur", "auteurs",
               "autores", "作者", "作者姓名", "作者名", "姓名"),
    "position": ("position", "author position", "author order", "作者顺序", "作者排序", "署名顺序", "作者順序"),
    "doi": ("doi",),
}  # fmt: skip
"""For each column of a table of papers (see `affil.papers.long_form`) the names it usually has, the likeliest first."""

_USUAL = AFFILIATION.union(*PAPERS.values(), ("authors", "name", "full name", "abstract", "keywords"))
_CNKI = re.compile(r"(\w+)-(?=\1$|[一-鿿])")  # which writes each heading twice: Title-题名, DOI-DOI
_COUNTER = re.compile(r"\s*[.#(（]?\s*(?:\d{1,2}|[一二三四五六七八九十])\s*[)）]?$")
_NUMBER = re.compile(r"\s*[\d.,:%/-]*\d[\d.,:%/-]*\s*")
_DATE = re.compile(
    r"(?<!\d)(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2\d{2,4}|\d{1,2}\.? [^\W\d]{3,9}\.? \d{4}"
    r"|[^\W\d]{3,9}\.? \d{1,2}, \d{4}|\d{4} ?年 ?\d{1,2} ?月)(?!\d)"
)
_BLANKS = re.compile(r"[\s_\-]+")


def plain(heading: str) -> str:
    """A heading without regard to case, blanks, underscores and hyphens."""
    return _BLANKS.sub(" ", _CNKI.sub("", heading.strip(), count=1)).strip().strip(":：*").strip().casefold()


def stem(heading: str) -> str:
    """A heading as `plain` gives it, without the number that tells it from others of its kind: "Affiliation 2", "单位二", "地址(1)"."""
    bare = plain(heading)
    return _COUNTER.sub("", bare) if bare not in AFFILIATION else bare


def is_usual(heading: str) -> bool:
    """Whether a heading is a usual one of any column."""
    return plain(heading) in _USUAL or stem(heading) in AFFILIATION


def is_dated(cell: object) -> bool:
    """Whether a cell is a number or holds a date, as titles and rows do and headings do not."""
    return not isinstance(cell, str) or _NUMBER.fullmatch(cell) is not None or _DATE.search(cell) is not None


def find(columns: Sequence[str], wanted: str | None) -> list[str]:
    """The columns that are `wanted` but for case and blanks; where it is None, those with usual names of affiliations."""
    if wanted is None:
        return [c for c in columns if stem(c) in AFFILIATION]
    return [c for c in columns if plain(c) == plain(wanted)]
