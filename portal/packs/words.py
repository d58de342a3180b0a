"""The words of packs: kinds of item, how it stands here, what is chosen, how far a pack and an item are."""

from __future__ import annotations

from enum import StrEnum

from indexer.words import N_
from kb.flow import Refused


class BadPack(Refused):
    """The file is no pack that may be used; the message is the sentence for the person."""


class Kind(StrEnum):
    ARTICLE = "article"
    DEFECT = "defect"
    SYNONYM = "synonym"


class Standing(StrEnum):
    """How an item of a pack stands to what is here."""

    NEW = "new"
    THEIRS = "theirs"
    CONFLICT = "conflict"
    GONE = "gone"
    OURS = "ours"
    UNCHANGED = "unchanged"
    UNFIT = "unfit"


class Choice(StrEnum):
    KEEP = "keep"
    TAKE = "take"
    BESIDE = "beside"


class Phase(StrEnum):
    """How far a received pack has come."""

    UNTRUSTED = "untrusted"
    CHECKING = "checking"
    PREVIEWED = "previewed"
    RUNNING = "running"
    LINKING = "linking"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


class Fate(StrEnum):
    """What became of one item."""

    OPEN = "open"
    CHECKED = "checked"
    CHOSEN = "chosen"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    KEPT = "kept"


KIND_LABELS = {Kind.ARTICLE: N_("知识"), Kind.DEFECT: N_("缺陷"), Kind.SYNONYM: N_("同义词")}
STANDING_LABELS = {
    Standing.NEW: N_("这里没有"),
    Standing.THEIRS: N_("只有对方改过"),
    Standing.CONFLICT: N_("两边都改过"),
    Standing.GONE: N_("对方已下线"),
    Standing.OURS: N_("只有这里改过"),
    Standing.UNCHANGED: N_("没有变化"),
    Standing.UNFIT: N_("不能接收"),
}
CHOICE_LABELS = {
    Choice.KEEP: N_("保留这里的"),
    Choice.TAKE: N_("采用对方的"),
    Choice.BESIDE: N_("另存为草稿"),
}
PHASE_LABELS = {
    Phase.UNTRUSTED: N_("等待确认签名人"),
    Phase.CHECKING: N_("正在核对"),
    Phase.PREVIEWED: N_("等您确认"),
    Phase.RUNNING: N_("正在接收"),
    Phase.LINKING: N_("正在补上互相链接"),
    Phase.DONE: N_("已接收"),
    Phase.UNDOING: N_("正在撤销"),
    Phase.UNDONE: N_("已撤销"),
}
FATE_LABELS = {
    Fate.OPEN: N_("待核对"),
    Fate.CHECKED: N_("待处理"),
    Fate.CHOSEN: N_("排队中"),
    Fate.DONE: N_("已接收"),
    Fate.FAILED: N_("没有接收"),
    Fate.UNDOING: N_("排队撤销"),
    Fate.UNDONE: N_("已撤销"),
    Fate.KEPT: N_("没有撤销"),
}

# fmt: off
#: Standing → what may be chosen, the default first. Nothing that is here is lost by a default.
CHOICES: dict[Standing, tuple[Choice, ...]] = {
    Standing.NEW:       (Choice.TAKE, Choice.KEEP),
    Standing.THEIRS:    (Choice.TAKE, Choice.KEEP, Choice.BESIDE),
    Standing.CONFLICT:  (Choice.KEEP, Choice.TAKE, Choice.BESIDE),
    Standing.GONE:      (Choice.KEEP, Choice.TAKE),
    Standing.OURS:      (Choice.KEEP,),
    Standing.UNCHANGED: (Choice.KEEP,),
    Standing.UNFIT:     (Choice.KEEP,),
}
# fmt: on
#: Phases in which the next part is waited for.
MOVING = frozenset({Phase.CHECKING, Phase.RUNNING, Phase.LINKING, Phase.UNDOING})
