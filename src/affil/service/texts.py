"""What the pages say, in English and Chinese."""

from __future__ import annotations

from affil.names import visible
from affil.types import Match

LANGUAGES = ("en", "zh")

TEXTS: dict[str, tuple[str, str]] = {
    # frame
    "title": ("Review affiliations", "审核机构匹配"),
    "skip_link": ("Skip to the string", "跳到待审字符串"),
    "review": ("Review", "审核"),
    "list": ("List", "列表"),
    "conflicts": ("Conflicts", "分歧"),
    "history": ("History", "记录"),
    "help": ("Help", "帮助"),
    "change": ("change", "更改"),
    "language": ("中文", "English"),
    "progress": ("Progress", "进度"),
    "done": ("{0} of {1} strings decided", "已判定 {0} / {1} 条"),
    "covered": ("{0} of their mentions", "占提及次数的 {0}"),
    "right": ("expected share right now: {0}", "目前预期正确率：{0}"),
    "right_why": (
        "Of all mentions in the workspace, the share whose answer is expected to be right as it counts now.",
        "工作区所有提及中，按目前的计数方式预期正确的比例。",
    ),
    "left": ("{0} left in this selection", "当前筛选还剩 {0} 条"),
    # who
    "who": ("Who are you?", "您是谁？"),
    "who_why": (
        "Your name stands beside each of your decisions, so that anyone can ask you later.",
        "您的姓名会与您的每一个判定一起保存，便于日后查证。",
    ),
    "name": ("Name", "姓名"),
    "start": ("Start", "开始"),
    # filters
    "filters": ("Filters", "筛选"),
    "scope": ("Strings", "范围"),
    "scope_queue": ("the queue", "审核队列"),
    "scope_all": ("all strings", "全部字符串"),
    "state": ("State", "状态"),
    "state_open": ("open", "未判定"),
    "state_decided": ("decided", "已判定"),
    "state_any": ("any", "不限"),
    "model_says": ("The model says", "模型判断"),
    "country": ("Country", "国家或地区"),
    "area": ("Area", "领域"),
    "venue": ("Venue", "会议或期刊"),
    "year": ("Year", "年份"),
    "year_hint": ("2020 or 2014-2024", "2020 或 2014-2024"),
    "probability": ("Probability", "概率"),
    "from": ("from", "最低"),
    "to": ("to", "最高"),
    "text": ("Text", "文本"),
    "any": ("any", "不限"),
    "apply": ("Apply", "应用"),
    "clear": ("Clear", "清除"),
    # card
    "string": ("Affiliation as published", "论文中的机构原文"),
    "cut": ("and {0} more characters", "另有 {0} 个字符未显示"),
    "counts": ("mentions: {0} · papers: {1}", "提及：{0} · 论文：{1}"),
    "audit": ("audit sample", "抽查样本"),
    "credit": ("credit at stake: {0}", "涉及计分：{0}"),
    "answer_review": ("doubtful", "存疑"),
    "answer_match": ("matched", "已匹配"),
    "answer_none": ("no institution found", "未找到机构"),
    "which": ("Which institutions does it name?", "它指的是哪些机构？"),
    "no_candidates": (
        "The matcher has no candidate. Search, add a new institution, or say that there is none.",
        "匹配器没有候选机构。请搜索、新建机构，或选择“无”。",
    ),
    "only_this": ("Only this", "仅此一个"),
    "part_of": ("part of {0}", "隶属于 {0}"),
    "added": ("added by you", "由您添加"),
    "search": ("Search the registry", "搜索机构库"),
    "search_hint": ("name, short form, 中文", "名称、简称、中文均可"),
    "nothing_found": ("Nothing is called like that.", "没有找到类似名称的机构。"),
    "note": ("Note", "备注"),
    "note_hint": ("why, for those who come later", "理由，供日后查阅"),
    "everywhere": ("the string, wherever it stands", "该字符串的所有出现"),
    "papers": ("Papers", "论文"),
    "more_papers": ("{0} of {1} mentions are shown, newest first.", "共 {1} 次，显示最新的 {0} 次。"),
    "only_mention": ("only here", "仅此处"),
    "no_author": ("not tied to an author", "未对应到作者"),
    "save": ("Save", "保存"),
    "save_none": ("None of the registry", "库中没有"),
    "save_not": ("Not an organisation", "不是机构"),
    "new": ("New institution", "新建机构"),
    "skip": ("Skip", "跳过"),
    "undo": ("Undo", "撤销"),
    "settle": ("Settle: this holds from now on", "裁决：以此为准"),
    "similar": ("Apply to similar strings: {0}", "应用到相似字符串：{0} 条"),
    "similar_none": ("No similar open strings.", "没有相似的未判定字符串。"),
    "similar_why": (
        "Ticked strings get the same decision in the same step.",
        "勾选的字符串将同时得到相同的判定。",
    ),
    "all": ("all", "全选"),
    "second": ("Second opinion", "第二意见"),
    "second_why": (
        "Somebody decided this string already. You are not shown how, so that your answers can be compared.",
        "已有人判定过此字符串。为便于比较，不显示其判定。",
    ),
    "decided_by": ("{0} decided on {1}: {2}", "{0} 于 {1} 判定：{2}"),
    "opinion_by": ("{0} holds since {1}: {2}", "{0} 于 {1} 认为：{2}"),
    "nobody": ("Nobody decided this string yet.", "尚无人判定此字符串。"),
    "in_conflict": ("People differ about this string.", "对此字符串的判定有分歧。"),
    "empty": ("Nothing is left here.", "这里没有待审的字符串了。"),
    "empty_why": ("Choose other filters, or look at the conflicts.", "请更改筛选条件，或查看分歧。"),
    "unskip": ("Take up the skipped strings again ({0})", "重新审核已跳过的 {0} 条"),
    # messages
    "saved": ("Saved: {0} → {1}", "已保存：{0} → {1}"),
    "saved_many": ("Saved for all {0} strings: {1}", "已为 {0} 条字符串保存：{1}"),
    "beside": (
        "Recorded beside the decision of {0}, which holds until the two are settled (see Conflicts).",
        "已记录。{0} 的判定在裁决之前继续有效（见“分歧”）。",
    ),
    "undone": ("Taken back: {0}", "已撤销：{0}"),
    "nothing_to_undo": ("There is nothing of yours to take back.", "没有可撤销的判定。"),
    "skipped": ("Skipped: {0}", "已跳过：{0}"),
    "stale": (
        "Nothing was saved: the workspace does not have the string that this page showed. Load the page again.",
        "未保存：工作区中没有此页面所显示的字符串。请重新加载页面。",
    ),
    "stale_mention": (
        "Nothing was saved: the string no longer stands where this page showed it, in the paper {0}. Load the page again.",
        "未保存：论文 {0} 中已没有此页面所显示的这处提及。请重新加载页面。",
    ),
    "stale_entry": (
        "Nothing was saved: entry {0} of the ledger is not the one that this page showed. Load the page again.",
        "未保存：判定记录第 {0} 条不是此页面所显示的那一条。请重新加载页面。",
    ),
    "stale_undo": (
        "Nothing was taken back: this page does not show your last decision, which is on “{0}”. Load the page again.",
        "未撤销：此页面显示的不是您最近的判定（“{0}”）。请重新加载页面。",
    ),
    "stale_proposal": (
        "Nothing was saved: this proposal is decided already, or was made anew. Load the page again.",
        "未保存：此建议已有判定，或已重新生成。请重新加载页面。",
    ),
    "choose_first": (
        "Choose an institution first, or say that there is none.",
        "请先选择机构，或选择“库中没有”“不是机构”。",
    ),
    "made": ("New institution: {0}", "已新建机构：{0}"),
    "names_none": ("no institution", "无机构"),
    "undecided": ("undecided", "未判定"),
    "failed": ("Not saved", "未保存"),
    "offline": (
        "The server does not answer; nothing was lost. Start it again.",
        "服务器没有响应；数据没有丢失。请重新启动服务器。",
    ),
    # new institution
    "new_why": (
        "It goes to the workspace's own table, and is matched from the next run on.",
        "它会加入本工作区自己的机构表，下次运行起参与匹配。",
    ),
    "official": ("Name", "名称"),
    "chinese": ("Chinese name", "中文名称"),
    "country_code": ("Country (e.g. CN)", "国家或地区（如 CN）"),
    "city": ("City", "城市"),
    "kind": ("Kind", "类型"),
    "cancel": ("Cancel", "取消"),
    "create": ("Create", "创建"),
    "optional": ("optional", "可选"),
    # proposals
    "new_short": ("New", "新机构"),
    "proposals": ("New institutions", "新机构"),
    "proposals_why": (
        "Names that no institution of the registry explains. Accepted ones go to the workspace's own table, and their strings are decided.",
        "机构库无法解释的名称。接受后加入本工作区的机构表，相应字符串随之判定。",
    ),
    "no_proposals": ("No proposals. Make some with: affil discover WS", "没有提议。可运行：affil discover WS"),
    "accept": ("Accept", "接受"),
    "refuse": ("No organisation", "不是机构"),
    "its_strings": ("Strings: {0}", "字符串：{0} 条"),
    # lists
    "mentions": ("Mentions", "提及"),
    "answer": ("Answer", "判断"),
    "when": ("When (UTC)", "时间（UTC）"),
    "who_col": ("Who", "审核人"),
    "names": ("Names", "指"),
    "why": ("Why", "理由"),
    "entry": ("No.", "编号"),
    "takes_back": ("takes back {0}", "撤销 {0}"),
    "no_history": ("No decisions yet.", "尚无判定。"),
    "no_conflicts": ("No conflicts.", "没有分歧。"),
    "settle_why": ("Choose what holds from now on; what others said is kept.", "选择以哪个判定为准；其他人的意见会保留。"),
    "holds": ("holds now", "目前有效"),
    "settle_this": ("Settle with this", "以此裁决"),
    "open_card": ("Open the string", "打开字符串"),
    "agreement": ("Agreement of blind double decisions", "盲法双重判定的一致性"),
    "agreement_none": (
        "Nobody gave a blind second opinion yet.",
        "尚无盲法第二意见。",
    ),
    "people": ("People", "审核人"),
    "strings": ("Strings", "字符串"),
    "agreed": ("Agreed", "一致"),
    "kappa": ("Cohen's kappa", "Cohen κ"),
    "showing": ("The first {0} of {1}.", "共 {1} 条，显示前 {0} 条。"),
    "role_decision": ("decision", "判定"),
    "role_opinion": ("opinion", "意见"),
    "role_blind": ("blind opinion", "盲法意见"),
    "role_settlement": ("settlement", "裁决"),
    # keys
    "keys": ("Keys", "快捷键"),
    "key_digit": ("decide for that candidate alone, and go on", "仅选择该候选机构并继续"),
    "key_shift": ("tick or untick that candidate (several institutions)", "勾选或取消该候选机构（可多选）"),
    "key_enter": ("save what is ticked", "保存已勾选的机构"),
    "key_0": ("none of the registry", "库中没有"),
    "key_x": ("not an organisation", "不是机构"),
    "key_n": ("new institution", "新建机构"),
    "key_slash": ("search the registry", "搜索机构库"),
    "key_a": ("tick all similar strings, or none", "勾选或取消全部相似字符串"),
    "key_e": ("write a note", "填写备注"),
    "key_s": ("skip", "跳过"),
    "key_u": ("undo your last decision", "撤销您的上一个判定"),
    "key_help": ("this help", "本帮助"),
    "key_escape": ("leave a field or a window", "离开输入框或窗口"),
    "close": ("Close", "关闭"),
    "error": ("This did not work", "操作未成功"),
    "back": ("Back to the review", "返回审核"),
    # the service
    "try_title": ("Affiliations to institutions", "从机构字符串到机构"),
    "skip_main": ("Skip to the page", "跳到正文"),
    "try": ("Try it", "试用"),
    "docs": ("API", "接口"),
    "try_ask": ("Which institutions do these strings name?", "这些字符串指的是哪些机构？"),
    "try_hint": (
        "One affiliation a line, as authors type them, in any language; up to {0}. The registry has {1} institutions.",
        "每行一条，按作者原文粘贴，语言不限，最多 {0} 条。机构库收录 {1} 个机构。",
    ),
    "try_match": ("Match", "匹配"),
    "try_example": ("Show an example", "查看示例"),
    "try_download": ("Download as CSV", "下载 CSV"),
    "try_results": ("Results: {0}", "匹配结果：{0} 条"),
    "too_many_lines": (
        "{0} lines; the page takes {1}. The command affil match takes files of any size.",
        "共 {0} 行，页面最多处理 {1} 行。命令 affil match 可处理任意大小的文件。",
    ),
    "map_title": ("Map with {0} institutions, which are listed below it", "地图，标有 {0} 个机构，详见下方列表"),
    "map_credit": ("Land: Natural Earth. Places: the registry.", "陆地轮廓：Natural Earth。位置：机构库。"),
    "speaks_for": ("for it:", "支持："),
    "speaks_against": ("against it:", "反对："),
    "try_refine": ("In OpenRefine, add the reconciliation service", "在 OpenRefine 中添加核对服务："),
    "docs_title": ("What this service answers", "服务接口说明"),
    "docs_why": (
        "Every answer is JSON; what is wrong is said in its field errors. For programs:",
        "所有回答均为 JSON；出错时原因在 errors 字段中。供程序读取：",
    ),
    "docs_examples": ("Examples", "示例"),
    "docs_parameters": ("Parameters", "参数"),
    "docs_parameter": ("Parameter", "参数"),
    "docs_type": ("Type", "类型"),
    "docs_meaning": ("Meaning", "含义"),
    "docs_body": ("The body is", "请求体格式："),
    "docs_features": ("Matching features", "匹配特征"),
    "docs_features_why": (
        "What reconciliation says of a candidate besides its score; each stands for a line of evidence.",
        "核对服务在得分之外给出的候选特征，每一项对应一条证据。",
    ),
}
KINDS = {
    "education": ("university or school", "高校"),
    "healthcare": ("healthcare", "医疗机构"),
    "facility": ("research institute", "研究机构"),
    "company": ("company", "企业"),
    "government": ("government", "政府机构"),
    "nonprofit": ("non-profit", "非营利组织"),
    "archive": ("archive", "档案馆"),
    "other": ("other", "其他"),
}
# `affil.types.REASONS` and `affil.types.NAME_KINDS` in Chinese.
REASONS = {
    "name_exact": "“{alias}” 是{kind}",
    "name_coverage": "与{kind} “{alias}” 吻合 {value:.0%}",
    "city_named": "提到了城市 {city}",
    "country_named": "提到了国家或地区 {country}",
    "other_name_named": "还出现了它的另一个名称",
    "parent_named": "还提到了其上级机构",
    "misspelt": "更正了拼写或粘连的词",
    "other_country_named": "提到了另一个国家",
    "other_place_named": "提到了另一个国家的地点",
    "bearers": "有 {value} 个机构使用此名称",
    "part_of_longer_name": "这些词属于一个更长的名称",
    "numbers_differ": "数字不一致",
    "other_kind_named": "旁边有另一类机构的用词",
    "word_missing": "缺少名称中的关键词",
}
NAME_KINDS = {
    "official": "其正式名称",
    "label": "其名称之一",
    "alias": "其别名",
    "acronym": "其缩写",
    "former": "其曾用名",
    "domain": "其互联网域名",
    "variant": "其名称的另一种写法",
    "id": "它的标识符",
}


def text(key: str, language: str, *values: object) -> str:
    """One text in a language, its places filled."""
    return TEXTS[key][LANGUAGES.index(language)].format(*values)


def kind(name: str, language: str) -> str:
    """The kind of an institution in a language."""
    return KINDS.get(name, (name, name))[LANGUAGES.index(language)]


def evidence(match: Match, language: str) -> list[tuple[bool, str]]:
    """The reasons of a match: whether each speaks for it, and what it says in a language."""
    words = (REASONS, NAME_KINDS) if language == "zh" else ()
    return [(speaks_for, visible(said)) for speaks_for, said in match.told(*words)]
