"""``tierdesk learn``: refit from what people judged, compare on what was kept apart, promote or leave.

Three things are learned: how probable an answer is (from 100 judged hits), which record is behind a ticket
(from 100 judged tickets), and a light turn of the encoder (from 2,000 judged pairs). Never in a web process.
The invariant: what serves is only replaced by what did better on judgements that neither has learned from,
and every change of it is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

import indexer.adapting as adapting
import indexer.linking as linking
from indexer.confidence import LEAST_LABELS, Calibration, Judged, fit
from indexer.document import Engine
from indexer.embedders import Embedder
from indexer.gate import Measured, apart, beats, measured
from indexer.linking import Decision, LinkModel
from indexer.passages import passages
from indexer.promotion import ADAPTER, Promotions
from indexer.words import N_
from kb.columns import now
from portal.db import transaction
from portal.finder.judgements import Judgement, cases, counts, judgements
from portal.finder.schooling import Library, asked_again, library_of, school
from portal.people.models import AuditEntry

#: Promised to those who are shown an answer as trustworthy, and to those whose ticket is linked by itself.
WANTED = 0.8
WANTED_OF_LINKS = 0.95
SUBJECT = "learning"

TOO_FEW = N_("判过的只有 %(pairs)s 条，至少要 %(least)s 条，什么都没有改。")
NO_BETTER = N_("在没有参与学习的判断上不比现在用的好，保持不变。")
BETTER = N_("在没有参与学习的判断上比现在用的好，已启用。")
WOULD = N_("在没有参与学习的判断上比现在用的好；这次只是试算，没有启用。")
ONE_SIDED = N_("判断全是一个结果，学不到东西，什么都没有改。")

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of learning one thing."""

    name: str
    pairs: int
    promoted: bool = False
    sentence: str = ""
    version: str = ""
    """Of what was promoted, or would be."""
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Learning:
    judged: dict[str, int]
    """Provenance → judgements."""
    outcomes: tuple[Outcome, ...]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def learn(
    maker: sessionmaker[Session],
    promotions: Promotions,
    *,
    embedder: Embedder | None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Learning:
    with maker() as session:
        moment = now(session)
        judged, known = judgements(session), cases(session)
        library = library_of(session, known)
        lesson = _Lesson(promotions, moment, dry_run=dry_run)
        outcomes = [_adapted(lesson, library, judged, embedder)] if embedder is not None else []
        with school(library, embedder=embedder, serving=promotions) as index:
            for engine in [Engine.LEXICAL, *([Engine.HYBRID] if embedder is not None else [])]:

                def tell(done: int, total: int, what: str = engine.value) -> None:
                    if progress is not None:
                        progress(what, done, total)

                rows, reports = asked_again(index, library, judged, known, engine=engine, tell=tell)
                outcomes += [_calibrated(lesson, engine, rows), _linked(lesson, engine, reports)]
    if not dry_run:
        _write_down(maker, [one for one in outcomes if one.promoted])
    return Learning(counts(judged), tuple(outcomes))


def rollback(maker: sessionmaker[Session], promotions: Promotions, names: Sequence[str]) -> list[str]:
    """Back to what served before, else to what was shipped; returns what was taken back."""
    taken = [name for name in names if promotions.rollback(name)]
    with transaction(maker) as session:
        for name in taken:
            _note(session, "rollback", name, {"version": version_of(promotions, name)})
    return taken


def version_of(promotions: Promotions, name: str) -> str:
    """Of what serves under this name now."""
    if name == ADAPTER:
        return "learned" if promotions.is_learned(name) else ""
    return (promotions.links(name) if name.startswith("links") else promotions.serving(name)).version


# ------------------------------------------------------------------ the three things


@dataclass(frozen=True, slots=True)
class _Lesson:
    promotions: Promotions
    moment: datetime
    dry_run: bool

    @property
    def learned_at(self) -> str:
        return self.moment.isoformat(timespec="seconds")

    def promoted(self, name: str, made: Calibration | LinkModel | adapting.Adapter) -> bool:
        if not self.dry_run:
            self.promotions.promote(name, made)
        return not self.dry_run

    def outcome(
        self,
        name: str,
        pairs: int,
        made: Calibration | LinkModel,
        *,
        new: Measured,
        old: Measured,
        wanted: float,
    ) -> Outcome:
        """Through the gate."""
        figures = {"new": asdict(new), "serving": asdict(old)}
        if not beats(new, old, wanted=wanted):
            return Outcome(name, pairs, sentence=NO_BETTER, figures=figures)
        promoted = self.promoted(name, made)
        return Outcome(name, pairs, promoted, BETTER if promoted else WOULD, made.version, figures)


def _too_few(name: str, pairs: int, least: int) -> Outcome:
    return Outcome(name, pairs, sentence=TOO_FEW % {"pairs": pairs, "least": least})


def _calibrated(lesson: _Lesson, engine: Engine, rows: Sequence[Judged]) -> Outcome:
    name, serving = engine.value, lesson.promotions.serving(engine.value)
    if len(rows) < LEAST_LABELS:
        return _too_few(name, len(rows), LEAST_LABELS)
    taught, kept = apart(rows)
    if len({one.right for one in taught}) < 2:
        return Outcome(name, len(rows), sentence=ONE_SIDED)
    made = fit(
        taught,
        tuple(serving.weights),
        made_from="judgements of this desk",
        wanted_precision=WANTED,
        learned_at=lesson.learned_at,
        least=1,
    )
    return lesson.outcome(name, len(rows), made, new=_by(made, kept), old=_by(serving, kept), wanted=WANTED)


def _by(calibration: Calibration, rows: Sequence[Judged]) -> Measured:
    chances = [calibration.probability(one.features) for one in rows]
    shown = [
        chance >= calibration.trusted_from and one.features.get("first", 0.0) > 0
        for chance, one in zip(chances, rows, strict=True)
    ]
    return measured(chances, [one.right for one in rows], shown)


def _linked(lesson: _Lesson, engine: Engine, reports: Sequence[linking.Judged]) -> Outcome:
    name = f"links_{engine.value}"
    if len(reports) < LEAST_LABELS:
        return _too_few(name, len(reports), LEAST_LABELS)
    taught, kept = apart(reports)
    if len({one.right is None for one in taught}) < 2:
        return Outcome(name, len(reports), sentence=ONE_SIDED)
    made = linking.fit(
        taught,
        made_from="judgements of this desk",
        learned_at=lesson.learned_at,
        wanted_precision=WANTED_OF_LINKS,
        least=1,
    )
    new, old = _of_links(made, kept), _of_links(lesson.promotions.links(name), kept)
    if new.precision < WANTED_OF_LINKS:
        # It may still suggest better than what serves; linking by itself it has not earned.
        made = replace(made, link_from=linking.NEVER)
        new = _of_links(made, kept)
    return lesson.outcome(name, len(reports), made, new=new, old=old, wanted=WANTED_OF_LINKS)


def _of_links(model: LinkModel, judged: Sequence[linking.Judged]) -> Measured:
    chances, truths, linked = [], [], []
    for one in judged:
        found = model.proposal(one.report)
        record, chance = found.ranked[0] if found.ranked else (None, 0.0)
        chances.append(chance)
        truths.append(record is not None and record == one.right)
        linked.append(found.decision is Decision.LINK)
    return measured(chances, truths, linked)


def _adapted(lesson: _Lesson, library: Library, judged: Sequence[Judgement], embedder: Embedder) -> Outcome:
    places = {document.key: place for place, document in enumerate(library.documents)}
    asked = [one for one in judged if one.right in places]
    if len(asked) < adapting.LEAST_PAIRS or not embedder.wait():
        return _too_few(ADAPTER, len(asked), adapting.LEAST_PAIRS)
    texts = [[passage.text for passage in passages(document)] for document in library.documents]
    vectors = adapting.passages_of([embedder.encode(each) for each in texts])
    questions = embedder.encode_queries([one.text for one in asked])
    pairs = [
        adapting.Pair(question, places[one.right])
        for question, one in zip(questions, asked, strict=True)
        if one.right is not None
    ]
    made, gain = adapting.learned(
        pairs,
        vectors,
        encoder=embedder.name,
        learned_at=lesson.learned_at,
        served=lesson.promotions.adapter(embedder.name),
    )
    figures = asdict(gain) if gain is not None else {}
    if made is None:
        return Outcome(ADAPTER, len(pairs), sentence=NO_BETTER, figures=figures)
    promoted = lesson.promoted(ADAPTER, made)
    return Outcome(ADAPTER, len(pairs), promoted, BETTER if promoted else WOULD, made.version, figures)


# ------------------------------------------------------------------ the trail of it


def _write_down(maker: sessionmaker[Session], outcomes: Sequence[Outcome]) -> None:
    with transaction(maker) as session:
        for one in outcomes:
            _note(session, "promote", one.name, {"version": one.version, "pairs": one.pairs, **_told(one)})


def _told(outcome: Outcome) -> dict[str, Any]:
    """Before → after of each figure, as the audit shows changes."""
    if "new" not in outcome.figures:
        return outcome.figures
    before, after = outcome.figures["serving"], outcome.figures["new"]
    names = ("log_loss", "calibration_error", "precision", "shown")
    return {name: [round(before[name], 4), round(after[name], 4)] for name in names}


def _note(session: Session, action: str, name: str, detail: dict[str, Any]) -> None:
    """Done by the system itself, on the word of whoever runs the command or of the nightly round."""
    session.add(
        AuditEntry(
            at=now(session), by_id=None, action=action, subject=SUBJECT, subject_id=name, detail=detail
        )
    )
