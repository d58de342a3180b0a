"""The words for what a search does with a document: its fate, the stages it went through, its evidence.

Only tables; what happened is worked out in ``explanation``. The invariant: every fate and every stage has a
name for people.
"""

from __future__ import annotations

from enum import StrEnum

from indexer.document import StageName
from indexer.words import N_


class Fate(StrEnum):
    """What became of one document in one search."""

    SHOWN = "shown"
    LOWER = "lower"
    SILENT = "silent"
    FILTERED = "filtered"
    HIDDEN = "hidden"
    UNSEARCHABLE = "unsearchable"
    WAITING = "waiting"
    UNKNOWN = "unknown"


# fmt: off
FATES = {
    Fate.SHOWN:        N_("在结果里"),
    Fate.LOWER:        N_("找到了，但排在后面"),
    Fate.SILENT:       N_("可见，但没有一步找到它：没有共同的词，意思也不相近"),
    Fate.FILTERED:     N_("被类别或筛选条件排除"),
    Fate.HIDDEN:       N_("这位查看者无权看到"),
    Fate.UNSEARCHABLE: N_("目前的状态不参加检索"),
    Fate.WAITING:      N_("索引里还没有它现在的内容，等待更新"),
    Fate.UNKNOWN:      N_("没有这个编号"),
}
STAGES = {
    StageName.CODES:   N_("编号和错误码"),
    StageName.WORDS:   N_("词语"),
    StageName.MEANING: N_("意思"),
    StageName.FUSED:   N_("合并"),
    StageName.LATE:    N_("逐片重排"),
    StageName.FINAL:   N_("最终次序"),
}
#: Features of the probability → what they say; one that has no name here is told by its own.
FEATURES = {
    "bias":          N_("起点"),
    "pinned":        N_("编号或错误码完全一致"),
    "first":         N_("排在第一"),
    "length":        N_("问题的长度"),
    "coverage":      N_("问题里的词有多少在文中"),
    "word_coverage": N_("完整的词有多少在文中"),
    "rarest":        N_("最少见的几个词有多少在文中"),
    "unknown":       N_("问题里没人写过的词"),
    "substance":     N_("问题有多少内容"),
    "evidence":      N_("共同的内容有多少"),
    "matched":       N_("对上的内容有多少"),
    "gap":           N_("词语分领先多少"),
    "titled":        N_("问题里的词有多少在标题里"),
    "title_asked":   N_("标题有多少被问到"),
    "cosine":        N_("意思有多近"),
    "cosine_gap":    N_("意思分领先多少"),
    "agree":         N_("词语和意思都排它第一"),
    "late":          N_("逐片对上多少"),
    "late_gap":      N_("逐片分领先多少"),
    "late_matched":  N_("逐片对上的内容有多少"),
    "same_system":   N_("同一系统"),
    "same_module":   N_("同一模块"),
    "same_category": N_("同一类别"),
}
# fmt: on
