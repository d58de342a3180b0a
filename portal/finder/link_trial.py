"""Measures the linking that serves users on a judged set: ``records.jsonl, tickets.jsonl, links.tsv``.

The search index, the signs and the model are the product's own; nothing here may weigh or decide.
The invariants: only links of the split ``train`` are ever learned from; a test ticket is decided in date
order, and what is known of an earlier one is the system's own decision, never the truth.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from indexer.document import Document, Query
from indexer.embedders import Embedder
from indexer.evaluation import BadSet, Progress
from indexer.index import Index
from indexer.linking import Decision, Judged, LinkModel, Proposal, Report, fit
from indexer.metrics import calibration_error, mean
from indexer.words import N_
from portal.finder.link_set import RECORD, TEST, TRAIN, LinkSet, read
from portal.finder.link_signs import CHARACTERS, TICKETS, report_of

DEPTH = 20
#: Tickets of one fold are asked while the index does not hold their words.
FOLDS = 10
DEPTHS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Decided:
    ticket: str
    proposal: Proposal

    @property
    def best(self) -> str:
        return self.proposal.ranked[0][0] if self.proposal.ranked else ""

    @property
    def probability(self) -> float:
        return self.proposal.ranked[0][1] if self.proposal.ranked else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    records: int
    learned_from: int
    decided: int
    linkable: int
    mode: str
    links: int
    precision: float | None
    """None: nothing was linked."""
    coverage: float
    recall: Mapping[str, float] = field(default_factory=dict)
    calibration_error: float = 0.0
    decisions: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def try_links(
    folder: Path,
    *,
    embedder: Embedder | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> Figures:
    """Raises BadSet naming what is wrong with the folder."""
    given = read(folder)
    with tempfile.TemporaryDirectory(prefix="tierdesk-links-") as place:
        index = Index.open(Path(place) / "index", embedder=embedder)
        model = learn(index, given, progress)
        decided = list(decide(index, given, model, progress))
        mode = str(index.status().mode)
        index.close()
    if out is not None:
        write(out, decided)
    return measured(given, decided, mode=mode)


# ------------------------------------------------------------------ learning and deciding


def learn(index: Index, given: LinkSet, progress: Progress | None = None) -> LinkModel:
    """From the train split alone; raises BadSet when it is too small."""
    asked = given.of(TRAIN)
    judged: dict[str, Judged] = {}
    for fold in range(FOLDS):
        apart = asked[fold::FOLDS]
        _hold(index, given, [ticket for ticket in asked if ticket not in set(apart)])
        for ticket in apart:
            judged[ticket] = Judged(_report(index, given, ticket), given.right[ticket] or None)
            _tell(progress, "learn", len(judged), len(asked))
    try:
        return fit([judged[ticket] for ticket in asked], made_from="train")
    except ValueError as fault:
        raise BadSet(N_("用来学习的工单太少，或者都没有（都有）对应的记录。")) from fault


def decide(
    index: Index, given: LinkSet, model: LinkModel, progress: Progress | None = None
) -> Iterator[Decided]:
    """Every test ticket in date order; a record learns the words of what the system itself linked to it."""
    said = _hold(index, given, given.of(TRAIN))
    asked = given.of(TEST)
    for number, ticket in enumerate(asked, start=1):
        found = Decided(ticket, model.proposal(_report(index, given, ticket)))
        if found.proposal.decision is Decision.LINK:
            said[found.best].append(_words(given, ticket))
            index.update([_with_words(given.records[found.best], said[found.best])])
        _tell(progress, "decide", number, len(asked))
        yield found


def _hold(index: Index, given: LinkSet, tickets: Collection[str]) -> dict[str, list[str]]:
    """Build the index with the words of these tickets; returns record → words."""
    said: defaultdict[str, list[str]] = defaultdict(list)
    for ticket in tickets:
        if given.right.get(ticket):
            said[given.right[ticket]].append(_words(given, ticket))
    index.rebuild(_with_words(document, said[number]) for number, document in given.records.items())
    return said


def _words(given: LinkSet, ticket: str) -> str:
    return given.tickets[ticket].text[:CHARACTERS]


def _with_words(document: Document, said: Sequence[str]) -> Document:
    return replace(document, also=tuple(said[-TICKETS:]))


def _report(index: Index, given: LinkSet, ticket: str) -> Report:
    told = given.tickets[ticket]
    near = {name: value for name, value in (("system", told.system), ("module", told.module)) if value}
    query = Query(told.text, audience=None, kinds=frozenset({RECORD}), near=near, limit=DEPTH)
    return report_of(told, index.search(query, explain=True), given.known)


def _tell(progress: Progress | None, what: str, count: int, total: int) -> None:
    if progress is not None:
        progress(what, count, total)


# ------------------------------------------------------------------ telling


def write(path: Path, decided: Sequence[Decided]) -> None:
    """ticket, best record, probability, decision; no header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for one in decided:
            file.write(f"{one.ticket}\t{one.best}\t{one.probability:.6f}\t{one.proposal.decision}\n")


def measured(given: LinkSet, decided: Sequence[Decided], *, mode: str) -> Figures:
    linkable = [one for one in decided if given.right.get(one.ticket)]
    linked = [one for one in decided if one.proposal.decision is Decision.LINK]
    right = [one.best == given.right.get(one.ticket) for one in decided]
    precise = [one.best == given.right.get(one.ticket) for one in linked]
    return Figures(
        records=len(given.records),
        learned_from=len(given.of(TRAIN)),
        decided=len(decided),
        linkable=len(linkable),
        mode=mode,
        links=len(linked),
        precision=round(mean([float(one) for one in precise]), 4) if linked else None,
        coverage=round(sum(bool(given.right.get(one.ticket)) for one in linked) / max(1, len(linkable)), 4),
        recall={f"@{depth}": round(_recall(given, linkable, depth), 4) for depth in DEPTHS},
        calibration_error=round(calibration_error([one.probability for one in decided], right), 4),
        decisions={str(kind): sum(one.proposal.decision is kind for one in decided) for kind in Decision},
    )


def _recall(given: LinkSet, linkable: Sequence[Decided], depth: int) -> float:
    return mean(
        [
            float(given.right[one.ticket] in [record for record, _ in one.proposal.ranked[:depth]])
            for one in linkable
        ]
    )
