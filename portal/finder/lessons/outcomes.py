"""What came of learning: values and their sentences. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from indexer.words import N_


class Verdict(StrEnum):
    """What the gate said about one thing that was learned."""

    TOO_FEW = "too_few"
    ONE_SIDED = "one_sided"
    NO_BETTER = "no_better"
    BETTER = "better"
    WOULD = "would"


#: The whole sentence, for the command and for the page.
SENTENCES = {
    Verdict.TOO_FEW: N_("判过的只有 %(pairs)s 条，至少要 %(least)s 条，什么都没有改。"),
    Verdict.ONE_SIDED: N_("判断全是一个结果，学不到东西，什么都没有改。"),
    Verdict.NO_BETTER: N_("在没有参与学习的判断上不比现在用的好，保持不变。"),
    Verdict.BETTER: N_("在没有参与学习的判断上比现在用的好，已启用。"),
    Verdict.WOULD: N_("在没有参与学习的判断上比现在用的好；这次只是试算，没有启用。"),
}
#: In a list, beside the figures.
VERDICT_LABELS = {
    Verdict.TOO_FEW: N_("判断太少"),
    Verdict.ONE_SIDED: N_("判断只有一种"),
    Verdict.NO_BETTER: N_("不比现在的好"),
    Verdict.BETTER: N_("已启用"),
    Verdict.WOULD: N_("试算"),
}
#: What is learned, by the name it serves under.
NAME_LABELS = {
    "lexical": N_("词语检索的把握"),
    "hybrid": N_("语义检索的把握"),
    "links_lexical": N_("工单与缺陷的关联（词语）"),
    "links_hybrid": N_("工单与缺陷的关联（语义）"),
    "adapter": N_("编码器的微调"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of learning one thing."""

    name: str
    pairs: int
    verdict: Verdict
    least: int = 0
    version: str = ""
    """Of what was promoted, or would be."""
    served: str = ""
    """The version it was compared with."""
    figures: dict[str, Any] = field(default_factory=dict)
    held_out: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Version → how it did on the judgements kept apart, by category of ticket."""

    @property
    def promoted(self) -> bool:
        return self.verdict is Verdict.BETTER

    @property
    def sentence(self) -> str:
        return SENTENCES[self.verdict] % {"pairs": self.pairs, "least": self.least}

    def as_dict(self) -> dict[str, Any]:
        """For people and scripts; the curves are kept for the page."""
        told = asdict(self) | {"promoted": self.promoted, "sentence": self.sentence}
        del told["held_out"]
        return told


@dataclass(frozen=True, slots=True)
class Learning:
    judged: dict[str, int]
    """Provenance → judgements."""
    outcomes: tuple[Outcome, ...]

    def as_dict(self) -> dict[str, Any]:
        return {"judged": self.judged, "outcomes": [one.as_dict() for one in self.outcomes]}
