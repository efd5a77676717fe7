"""What the report says, in English and simplified Chinese; traditional Chinese is converted from the latter."""

from __future__ import annotations

import functools

from affil.report.names import LANGUAGES, traditional

HTML_LANG = dict(zip(LANGUAGES, ("en", "zh-Hans", "zh-Hant"), strict=True))

AREAS = {
    "computer vision": ("Computer vision", "计算机视觉"),
    "natural language processing": ("Natural language processing", "自然语言处理"),
    "machine learning": ("Machine learning", "机器学习"),
    "general AI": ("General AI", "人工智能（综合）"),
    "cognitive reasoning": ("Cognitive reasoning", "认知推理"),
    "robotics": ("Robotics", "机器人"),
    "multi-agent systems": ("Multi-agent systems", "多智能体系统"),
    "simulation": ("Simulation", "仿真"),
}
LEVELS = {
    "institution": ("Institutions", "机构"),
    "city": ("Cities", "城市"),
    "region": ("Regions", "省州"),
    "country": ("Countries", "国家和地区"),
}
KINDS = {
    "education": ("universities", "高校"),
    "healthcare": ("healthcare", "医疗机构"),
    "facility": ("research institutes", "研究机构"),
    "company": ("companies", "企业"),
    "government": ("government", "政府机构"),
    "nonprofit": ("non-profits", "非营利组织"),
    "archive": ("archives", "档案馆"),
    "other": ("other", "其他"),
}
CONTINENTS = {
    "AS": ("Asia", "亚洲"),
    "EU": ("Europe", "欧洲"),
    "NA": ("North America", "北美洲"),
    "SA": ("South America", "南美洲"),
    "OC": ("Oceania", "大洋洲"),
    "AF": ("Africa", "非洲"),
    "AN": ("Antarctica", "南极洲"),
}
MEASURES = {
    "index": ("AI index", "AI 指数"),
    "adjusted": ("Adjusted", "调整论文数"),
    "publications": ("Papers", "论文数"),
    "authors": ("Authors", "作者数"),
    "share": ("Share", "占比"),
}
TEXTS: dict[str, tuple[str, str]] = {
    "title": ("AI Research Rankings", "人工智能研究排名"),
    "comma": (", ", "，"),
    "colon": (": ", "："),
    "stop": (".", "。"),
    "skip": ("Skip to the content", "跳到正文"),
    "theme": ("Light or dark", "浅色或深色"),
    "languages": ("Language", "语言"),
    "nav_rankings": ("Rankings", "排名"),
    "nav_areas": ("Areas", "领域"),
    "nav_trends": ("Trends", "趋势"),
    "nav_map": ("Map", "地图"),
    "nav_movers": ("Movers", "升降"),
    "nav_method": ("Method", "方法"),
    "nav_downloads": ("Data", "数据"),
    "footer": (
        "Counted by affil {0} on {1} from {2} papers of {3}–{4}. Every number can be traced: affil why.",
        "由 affil {0} 于 {1} 统计，基于 {3}–{4} 年的 {2} 篇论文。所有数字均可追溯：affil why。",
    ),
    "warning": ("Please note", "请注意"),
    # leaderboards
    "board_title": ("{0} in AI research", "人工智能研究：{0}排名"),
    "lead": (
        "{0} papers of {1} venues, {2}–{3}. Institutions are recognised in what authors write as their affiliation; {4} of all mentions could be matched, and {5} of the papers’ weight is counted.",
        "{2}–{3} 年 {1} 个会议与期刊的 {0} 篇论文。机构由作者所写的单位识别：{4} 的单位得到匹配，论文权重的 {5} 计入排名。",
    ),
    "levels": ("What is ranked", "排名对象"),
    "choose": ("Choose what counts", "选择统计范围"),
    "areas": ("Areas", "领域"),
    "all": ("all", "全选"),
    "none": ("none", "清空"),
    "outside": ("Venues of no area", "不属于任何领域"),
    "venues": ("Venues", "会议与期刊"),
    "years": ("Years", "年份"),
    "from": ("from", "从"),
    "to": ("to", "至"),
    "order_by": ("Order by", "排序依据"),
    "kind": ("Kind of institution", "机构类型"),
    "any_kind": ("all kinds", "全部类型"),
    "where": ("Where", "地区"),
    "world": ("the whole world", "全世界"),
    "world_short": ("World", "世界"),
    "roll_up": ("Count institutions as", "机构归并"),
    "roll_none": ("themselves", "各自统计"),
    "roll_parent": ("their parents", "归入上级机构"),
    "roll_top": ("the topmost", "归入最上级机构"),
    "search": ("Find by any name", "按名称查找"),
    "search_hint": ("e.g. CMU, 港科大", "如：港科大、CMU"),
    "share_view": ("Copy the address of this view", "复制此视图的地址"),
    "copied": ("The address is copied.", "地址已复制。"),
    "download_view": ("Download as CSV", "下载 CSV"),
    "reset": ("Reset", "重置"),
    "rank": ("Rank", "名次"),
    "range": ("Range", "区间"),
    "range_why": (
        "The ranks that doubtful matches leave open, in {0} of resamples. ≈: cannot be told apart from the next row.",
        "存疑匹配所允许的名次区间（重抽样的 {0}）。≈：与下一行无法区分。",
    ),
    "change": ("Change", "变化"),
    "change_why": ("Ranks gained or lost against {0}–{1}", "与 {0}–{1} 年相比的名次升降"),
    "change_none": ("There are no papers of the years before to compare with.", "没有更早年份的论文可供比较。"),
    "new": ("new", "新"),
    "was": ("was {0}", "原第 {0} 名"),
    "more": ("Show all {0}", "显示全部 {0} 行"),
    "less": ("Show the first {0}", "只显示前 {0} 行"),
    "nothing": ("Nothing is found here.", "没有结果。"),
    "nothing_why": (
        "Tick more areas, choose other years, or search for another name.",
        "请勾选更多领域、更改年份或换一个名称。",
    ),
    "shown": ("{0} of {1}.", "共 {1} 行，显示 {0} 行。"),
    "ranks_within": ("Ranks are those within what is shown.", "名次为所示范围内的名次。"),
    "not_loaded": ("The data of this page cannot be loaded: {0}.", "无法载入本页数据：{0}。"),
    "no_range": (
        "Ranges are computed for all areas, and for single areas by adjusted papers, of {0}–{1} and of all years.",
        "区间仅对 {0}–{1} 年及所有年份的全部领域，以及单个领域的调整论文数计算。",
    ),
    "measures_why": (
        "Adjusted papers: each author of a paper holds an equal part of it. AI index: the geometric mean of adjusted papers (+{0}) over the areas, which rewards breadth. Share: of all that is counted. Authors: distinct names, known only where affiliations are tied to authors.",
        "调整论文数：每位作者平分一篇论文。AI 指数：各领域调整论文数（+{0}）的几何平均，体现研究广度。占比：占全部计入份额之比。作者数：不同姓名数，仅在单位与作者对应时可知。",
    ),
    "years_differ": (
        "Open data lack some venues in some years, so a change is partly one of the data; see the method.",
        "开放数据缺少部分会议的部分年份，因此变化部分源于数据本身，参见“方法”。",
    ),
    # trends
    "trends_title": ("Trends", "趋势"),
    "trends_lead": (
        "How output developed, by year. Choose countries or institutions, a measure, and how to compare.",
        "各年产出的变化。可选择国家或机构、指标与比较方式。",
    ),
    "who": ("Who", "对象"),
    "level": ("Level", "层级"),
    "measure": ("Measure", "指标"),
    "mode": ("Compare", "比较方式"),
    "mode_absolute": ("numbers", "数值"),
    "mode_share": ("share of all", "占全部之比"),
    "mode_growth": ("growth since the first year", "自首年以来的增长"),
    "panel": ("Only venues that have papers in every year", "仅统计每年都有论文的会议"),
    "panel_none": ("No venue has papers in every one of these years.", "没有会议在这些年份中每年都有论文。"),
    "remove": ("Remove {0}", "移除 {0}"),
    "year": ("Year", "年"),
    "growth": ("Growth", "增长"),
    "trend_chart": ("{0} by year: {1}", "各年{0}：{1}"),
    "venues_by_year": ("Venues by year", "各年的会议"),
    # map
    "map_title": ("Map", "地图"),
    "map_lead": ("Cities and institutions by output, {0}–{1}.", "{0}–{1} 年各城市与机构的产出。"),
    "zoom": ("Part of the world", "区域"),
    "east_asia": ("East Asia", "东亚"),
    "map_chart": ("World map; the larger a circle, the more papers", "世界地图；圆越大，论文越多"),
    "map_names": (
        "Country outlines: Natural Earth (public domain), through world-atlas. They show no opinion on borders.",
        "国家轮廓：Natural Earth（公有领域），经 world-atlas。不代表对边界的任何立场。",
    ),
    # areas
    "areas_title": ("Areas", "领域"),
    "areas_lead": (
        "Who leads where, and how even a profile is. A cell is the share that a country or institution holds of an area; below it, how many times its share of all areas that is.",
        "谁在哪个领域领先，各自的领域结构是否均衡。每格为在该领域的占比，其下为该占比是其总体占比的几倍。",
    ),
    "profile": ("Profile", "领域结构"),
    "profile_of": ("Profile beside the world’s", "与世界平均对照的领域结构"),
    "profile_why": (
        "The share of its own output that lies in each area, beside the share for the whole world.",
        "自身产出在各领域的比例，与全世界比例对照。",
    ),
    "own_share": ("of its output", "占自身产出"),
    "world_share": ("of the world’s", "占世界产出"),
    "area": ("Area", "领域"),
    "area_lead": ("{0} adjusted papers of {1}–{2}, from {3} papers.", "{1}–{2} 年共 {3} 篇论文，计入调整论文数 {0}。"),
    "open_board": ("Open as a ranking", "打开完整排名"),
    "leaders": ("Leaders", "领先者"),
    "no_area": ("No paper of this area is in the data of these years.", "这些年份的数据中没有该领域的论文。"),
    "times": ("× of all areas", "× 总体"),
    "even": ("Evenness", "均衡度"),
    "even_why": (
        "Evenness is 100% where the share is the same in all areas that have data, and nears 0% where all lies in one (entropy of the shares over its maximum).",
        "均衡度：各领域占比相同时为 100%，全部集中于一个领域时趋近 0%（占比的熵除以其最大值）。",
    ),
    # movers
    "movers_title": ("Movers", "升降"),
    "movers_lead": (
        "Whose rank by adjusted papers rose or fell most, among the {0} of most output in either period.",
        "按调整论文数，在任一时期产出前 {0} 名中名次上升或下降最多者。",
    ),
    "risers": ("Risers", "上升"),
    "fallers": ("Fallers", "下降"),
    "against": ("{0} against {1}", "{0} 与 {1} 相比"),
    "before": ("Before", "此前"),
    "now": ("Now", "现在"),
    "no_movers": ("There is nothing to compare with.", "没有可比较的数据。"),
    # pages
    "numbers": ("Numbers", "数字"),
    "all_years": ("All years", "所有年份"),
    "trend": ("Trend", "趋势"),
    "partners": ("Most frequent partners", "主要合作者"),
    "shared": ("Shared papers", "合作论文"),
    "found_as": ("Names under which it was found", "识别时所见的名称"),
    "found_why": ("{0} strings; the most frequent:", "共 {0} 种写法，最常见的有："),
    "coverage": ("How well founded", "可靠程度"),
    "mean_probability": ("Mean probability of its matches, by credit", "匹配的平均概率（按份额加权）"),
    "decided_share": ("Share of its credit that people decided", "由人工判定的份额"),
    "unaligned_papers": ("Papers whose affiliations are not tied to authors", "单位未对应到作者的论文"),
    "waiting": ("Doubtful strings that may add papers", "可能增加论文的存疑写法"),
    "waiting_value": ("{0} strings, {1} papers", "{0} 种写法，{1} 篇论文"),
    "trace": ("Trace these numbers", "追溯这些数字"),
    "institutions_of": ("Its institutions", "所属机构"),
    "probability": ("Probability", "概率"),
    "decided": ("decided", "人工判定"),
    "string": ("String", "写法"),
    "venue": ("Venue", "会议或期刊"),
    "registry": ("Registry entry", "机构库条目"),
    "no_window": (
        "It has no paper of {0}–{1}; these are the numbers of all years.",
        "{0}–{1} 年没有论文；以下为所有年份的数字。",
    ),
    # method
    "method_title": ("Method", "方法"),
    "m_counts": ("What is counted", "统计内容"),
    "m_credit": (
        "Each of the K authors of a paper holds 1/K of it, times the venue’s weight. An author’s part is split evenly over the distinct institutions that the author names. A string in which no known institution is found stands for one unknown institution and takes its part with it.",
        "一篇论文的 K 位作者各得 1/K，再乘以会议权重。作者的份额在其所写的不同机构间平分。未能识别出机构的写法视为一个未知机构，其份额不转给他人。",
    ),
    "m_unaligned": (
        "Where affiliations are not tied to authors, the paper is split evenly over what its strings name; such papers count no authors.",
        "单位未对应到作者的论文，在其所写的机构间平分；此类论文不计作者数。",
    ),
    "m_place": (
        "An institution counts for its city, region and country in the registry. Codes are ISO 3166; groups of this run: {0}.",
        "机构计入其在机构库中的城市、省州与国家或地区。代码为 ISO 3166；本次归并：{0}。",
    ),
    "m_no_groups": ("none, each code stands for itself", "无，各代码各自统计"),
    "m_formulae": ("Measures", "指标"),
    "m_publications": ("Papers: the number of distinct papers in which it is named.", "论文数：出现该机构的不同论文数。"),
    "m_authors": (
        "Authors: the number of distinct author names, after folding case, accents and punctuation. Namesakes are one.",
        "作者数：忽略大小写、重音与标点后的不同作者姓名数。同名者计为一人。",
    ),
    "m_adjusted": (
        "Adjusted papers: AP = Σ w/K, split over institutions as above.",
        "调整论文数：AP = Σ w/K，按上述方式在机构间分配。",
    ),
    "m_index": (
        "AI index: (∏ₐ (APₐ + {0})^vₐ)^(1/Σvₐ) over the areas a that are chosen; weights vₐ: {1}.",
        "AI 指数：对所选领域 a 计算 (∏ₐ (APₐ + {0})^vₐ)^(1/Σvₐ)；权重 vₐ：{1}。",
    ),
    "m_weights_one": ("1 for each area", "各领域均为 1"),
    "m_share": ("Share: AP over the AP of all that counts for somebody.", "占比：AP 除以全部计入的 AP。"),
    "m_areas": (
        "A venue in several areas gives each an equal part of its credit. Of the areas that are ticked, only their parts are counted; with all areas and “{0}”, whole papers are.",
        "属于多个领域的会议将份额平分给各领域。只统计所勾选领域的部分；勾选全部领域及“{0}”时统计完整论文。",
    ),
    "m_range": (
        "Range: each doubtful match is kept or dropped by its probability, everything is ranked again, {0} times; the range holds {1} of these ranks. It speaks of matching alone, not of papers that are missing.",
        "区间：每个存疑匹配按其概率保留或舍弃，全部重新排名，重复 {0} 次；区间包含其中 {1} 的名次。它只反映匹配的不确定性，不反映缺失的论文。",
    ),
    "m_change": (
        "Change: against the same number of years before. Where the two periods differ in venues, part of a change is that of the data.",
        "变化：与之前相同年数相比。两个时期会议不同时，部分变化源于数据。",
    ),
    "m_venues": ("Venues, areas and weights", "会议、领域与权重"),
    "m_weight": ("Weight", "权重"),
    "m_coverage": ("Coverage", "覆盖率"),
    "m_mentions": ("Author mentions", "作者提及"),
    "m_matched": ("matched to an institution", "匹配到机构"),
    "m_review": ("doubtful, waiting for a person", "存疑，待人工判定"),
    "m_none": ("name no known institution", "未识别出已知机构"),
    "m_missing": ("give no affiliation", "未写单位"),
    "m_pending": ("not matched yet", "尚未匹配"),
    "m_decided": ("decided by people", "由人工判定"),
    "m_counted": ("papers’ weight that counts for somebody", "计入排名的论文权重"),
    "m_outside_papers": ("Papers of venues in no area", "不属于任何领域的论文"),
    "m_repeated": ("Repeated records, left out", "重复记录（未计）"),
    "m_precision": ("How right the matcher is", "匹配的准确度"),
    "m_precision_text": (
        "On labelled strings that it was not trained on ({3}, shipped registry), {0} of the strings that name an institution are decided without a person, and {1} of these answers are right; F1 is {2}.",
        "在未参与训练的标注字符串（{3}，随附机构库）上，指名机构的字符串有 {0} 无需人工判定，其中 {1} 正确；F1 为 {2}。",
    ),
    "m_precision_other": (
        "This run used another model than the shipped one (hash {0}), whose precision is not recorded here; measure it with: affil evaluate.",
        "本次使用的不是随附模型（哈希 {0}），此处没有其准确度记录；可运行 affil evaluate 测量。",
    ),
    "m_unknown": ("What is not known", "未知之处"),
    "m_unknown_1": (
        "Papers that are not in the data: venues and years are missing (see the table), so numbers of different years cannot be compared as they stand.",
        "数据中没有的论文：部分会议与年份缺失（见表），因此不同年份的数字不能直接比较。",
    ),
    "m_unknown_2": (
        "Who the authors are: namesakes are one, and students are counted as everybody else is.",
        "作者的身份：同名者计为一人，学生与其他人同样统计。",
    ),
    "m_unknown_3": (
        "What matches in review would add: {0} of mentions are doubtful and not counted.",
        "存疑匹配会增加什么：{0} 的提及存疑而未计入。",
    ),
    "m_unknown_4": (
        "The quality or influence of papers: every paper of a venue weighs the same.",
        "论文的质量或影响力：同一会议的论文权重相同。",
    ),
    "m_decisions": ("Corrections made by people", "人工更正"),
    "m_no_decisions": ("Nobody has corrected a match of this project yet.", "本项目尚无人工更正。"),
    "m_decisions_some": ("{0} decisions; the last ones:", "共 {0} 个判定，最近的有："),
    "m_when": ("When (UTC)", "时间（UTC）"),
    "m_by": ("Who", "判定人"),
    "m_names": ("Names", "指"),
    "m_nothing": ("no institution", "无机构"),
    "m_undone": ("undecided again", "恢复未判定"),
    "m_why": ("Why", "理由"),
    "m_settings": ("Settings and versions of this run", "本次运行的设置与版本"),
    "m_setting": ("Setting", "设置"),
    "m_value": ("Value", "值"),
    "m_sources": (
        "Names: the registry of the run (ROR, CC0, and the tables of affil), ISO 3166 through pycountry, cities in Chinese from GeoNames (CC BY 4.0); traditional Chinese is converted by OpenCC. Charts: Vega-Lite.",
        "名称来源：本次运行的机构库（ROR，CC0，及 affil 自带表），ISO 3166（经 pycountry），城市中文名来自 GeoNames（CC BY 4.0）；繁体中文由 OpenCC 转换。图表：Vega-Lite。",
    ),
    # downloads
    "downloads_title": ("Data", "数据"),
    "downloads_lead": (
        "Every table of this site, as CSV, JSON and Parquet. Beside each file stands a manifest: how to repeat it, and what it rests on.",
        "本站所有表格的 CSV、JSON 与 Parquet 文件。每个文件附有清单，说明如何重现及其依据。",
    ),
    "table": ("Table", "表"),
    "rows": ("Rows", "行数"),
    "files": ("Files", "文件"),
    "manifest": ("manifest", "清单"),
    "trend_table": ("Papers by year: {0}", "各年论文数：{0}"),
    "ranking_table": ("{0}, {1}", "{0}，{1}"),
    # bulletin
    "b_title": ("AI research {0}–{1}: who leads, who rises", "人工智能研究 {0}–{1}：谁领先，谁上升"),
    "b_headline": (
        "{0} leads with {1} of all counted research, before {2} with {3} and {4} with {5}.",
        "{0}以 {1} 的占比居首，其次是{2}（{3}）和{4}（{5}）。",
    ),
    "b_city": ("{0} is the leading city, {1} the leading institution.", "{0}居城市之首，{1}居机构之首。"),
    "b_rise": (
        "Of the institutions, {0} rose most against {1}–{2}: from rank {3} to {4}.",
        "机构中，与 {1}–{2} 年相比上升最多的是{0}：由第 {3} 名升至第 {4} 名。",
    ),
    "b_papers": (
        "Counted are {0} papers of {1} venues; {2} of their weight belongs to known institutions.",
        "共统计 {1} 个会议与期刊的 {0} 篇论文，其权重的 {2} 属于已知机构。",
    ),
    "b_rank_before": ("Rank {0}", "{0} 名次"),
    "b_share_before": ("Share {0}", "{0} 占比"),
    "b_trace": ("Trace a row", "追溯一行"),
    "b_area_leaders": ("Leaders by area", "各领域领先者"),
    "b_first_institution": ("First institution", "居首机构"),
    "b_first_country": ("First country", "居首国家或地区"),
    "b_note": ("On the data", "关于数据"),
}


@functools.lru_cache(maxsize=1 << 12)
def _in(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language == "en" else pair[1] if language == "zh-hans" else traditional(pair[1])


def text(key: str, language: str, *values: object) -> str:
    """One text in a language, its places filled."""
    return _in(TEXTS[key], language).format(*values)


def named(table: dict[str, tuple[str, str]], key: str, language: str) -> str:
    """The name of an area, level, kind, continent or measure in a language; the key itself where it has none."""
    return _in(table[key], language) if key in table else key


IN_PAGE = (
    "more", "less", "nothing", "nothing_why", "shown", "ranks_within", "not_loaded", "no_range", "change_why", "change_none", "new", "was",
    "copied", "remove", "growth", "panel_none", "trend_chart", "stop",
)  # fmt: skip


def page_texts(language: str) -> dict[str, object]:
    """What the scripts of the pages say."""
    tables = {"areas": AREAS, "levels": LEVELS, "measures": MEASURES}
    return {
        **{key: _in(TEXTS[key], language) for key in IN_PAGE},
        **{name: {key: _in(pair, language) for key, pair in table.items()} for name, table in tables.items()},
    }
