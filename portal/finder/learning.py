"""``tierdesk learn``: refit from what people judged, compare on what was kept apart, promote or leave.

Three things are learned: how probable an answer is (from 100 judged hits), which record is behind a ticket
(from 100 judged tickets), and a light turn of the encoder (from 2,000 judged pairs). Never in a web process.
The invariant: what serves is only replaced by what did better on judgements that neither has learned from,
and every change of it is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

import indexer.adapting as adapting
import indexer.linking as linking
from indexer.confidence import LEAST_LABELS, Calibration, fit
from indexer.document import Engine
from indexer.embedders import Embedder
from indexer.gate import Measured, apart, beats, measured
from indexer.linking import Decision, LinkModel
from indexer.passages import passages
from indexer.promotion import ADAPTER, Promotions
from kb.columns import now
from portal.db import transaction
from portal.finder.judgements import Judgement, cases, counts, judgements
from portal.finder.lessons import runs
from portal.finder.lessons.held_out import Foretold, figures_of
from portal.finder.lessons.outcomes import Learning, Outcome, Verdict
from portal.finder.lessons.runs import SUBJECT
from portal.finder.schooling import Asked, Hit, Library, asked_again, library_of, school
from portal.people.models import AuditEntry, Person

__all__ = ["SUBJECT", "Learning", "Outcome", "learn", "rollback", "take_back", "version_of"]

#: Promised to those who are shown an answer as trustworthy, and to those whose ticket is linked by itself.
WANTED = 0.8
WANTED_OF_LINKS = 0.95

Progress = Callable[[str, int, int], None]
#: Written in the transaction of the audit.
Keep = Callable[[Session, Learning], None]


def learn(
    maker: sessionmaker[Session],
    promotions: Promotions,
    *,
    embedder: Embedder | None,
    dry_run: bool = False,
    progress: Progress | None = None,
    keep: Keep | None = None,
    wanted_of_links: float = WANTED_OF_LINKS,
) -> Learning:
    with maker() as session:
        moment = now(session)
        judged, known = judgements(session), cases(session)
        library = library_of(session, known)
        lesson = _Lesson(promotions, moment, dry_run=dry_run, wanted_of_links=wanted_of_links)
        outcomes = [_adapted(lesson, library, judged, embedder)] if embedder is not None else []
        with school(library, embedder=embedder, serving=promotions) as index:
            for engine in [Engine.LEXICAL, *([Engine.HYBRID] if embedder is not None else [])]:

                def tell(done: int, total: int, what: str = engine.value) -> None:
                    if progress is not None:
                        progress(what, done, total)

                rows, reports = asked_again(index, library, judged, known, engine=engine, tell=tell)
                outcomes += [_calibrated(lesson, engine, rows), _linked(lesson, engine, reports)]
    learning = Learning(counts(judged), tuple(outcomes))
    if not dry_run:
        with transaction(maker) as session:
            _write_down(session, [one for one in outcomes if one.promoted])
            if keep is not None:
                keep(session, learning)
    return learning


def rollback(maker: sessionmaker[Session], promotions: Promotions, names: Sequence[str]) -> list[str]:
    """Back to what served before, else to what was shipped; returns what was taken back."""
    with transaction(maker) as session:
        return take_back(session, promotions, names, by=None)


def take_back(
    session: Session, promotions: Promotions, names: Sequence[str], *, by: Person | None
) -> list[str]:
    """The same for a person on the page; None: whoever runs the command."""
    if by is not None:
        runs.check(by)
    taken = [name for name in names if promotions.rollback(name)]
    versions = [version_of(promotions, name) for name in taken]
    for name, version in zip(taken, versions, strict=True):
        _note(session, "rollback", name, {"version": version}, by=by)
    if taken:
        runs.note_rollback(session, taken, versions, by=by)
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
    wanted_of_links: float

    @property
    def learned_at(self) -> str:
        return self.moment.isoformat(timespec="seconds")

    def promoted(self, name: str, made: Calibration | LinkModel | adapting.Adapter) -> Verdict:
        if self.dry_run:
            return Verdict.WOULD
        self.promotions.promote(name, made)
        return Verdict.BETTER

    def outcome(
        self,
        name: str,
        pairs: int,
        *,
        made: Calibration | LinkModel,
        serving: Calibration | LinkModel,
        new: Sequence[Foretold],
        old: Sequence[Foretold],
        wanted: float,
    ) -> Outcome:
        """Through the gate."""
        better = beats(_measured(new), _measured(old), wanted=wanted)
        return Outcome(
            name,
            pairs,
            self.promoted(name, made) if better else Verdict.NO_BETTER,
            version=made.version,
            served=serving.version,
            figures={"new": asdict(_measured(new)), "serving": asdict(_measured(old))},
            # Of two that are the same, one is kept.
            held_out={serving.version: figures_of(old), made.version: figures_of(new)},
        )


def _too_few(name: str, pairs: int, least: int) -> Outcome:
    return Outcome(name, pairs, Verdict.TOO_FEW, least)


def _measured(cases: Sequence[Foretold]) -> Measured:
    return measured(
        [case.chance for case in cases], [case.right for case in cases], [case.shown for case in cases]
    )


def _calibrated(lesson: _Lesson, engine: Engine, rows: Sequence[Hit]) -> Outcome:
    name, serving = engine.value, lesson.promotions.serving(engine.value)
    judged = sum(not one.is_asked_without for one in rows)
    if judged < LEAST_LABELS:
        return _too_few(name, judged, LEAST_LABELS)
    taught, kept = apart(rows)
    if len({one.judged.right for one in taught}) < 2:
        return Outcome(name, judged, Verdict.ONE_SIDED)
    made = replace(
        fit(
            [one.judged for one in taught],
            tuple(serving.weights),
            made_from="judgements of this desk",
            wanted_precision=WANTED,
            learned_at=lesson.learned_at,
            least=1,
        ),
        pairs=sum(not one.is_asked_without for one in taught),
    )
    return lesson.outcome(
        name,
        judged,
        made=made,
        serving=serving,
        new=[_foretold(made, one) for one in kept],
        old=[_foretold(serving, one) for one in kept],
        wanted=WANTED,
    )


def _foretold(calibration: Calibration, hit: Hit) -> Foretold:
    chance = calibration.probability(hit.judged.features)
    first = hit.judged.features.get("first", 0.0) > 0
    shown = chance >= calibration.trusted_from and first
    return Foretold(chance, hit.judged.right, shown, hit.about, decides=first)


def _linked(lesson: _Lesson, engine: Engine, reports: Sequence[Asked]) -> Outcome:
    name = f"links_{engine.value}"
    if len(reports) < LEAST_LABELS:
        return _too_few(name, len(reports), LEAST_LABELS)
    taught, kept = apart(reports)
    if len({one.judged.right is None for one in taught}) < 2:
        return Outcome(name, len(reports), Verdict.ONE_SIDED)
    made = linking.fit(
        [one.judged for one in taught],
        made_from="judgements of this desk",
        learned_at=lesson.learned_at,
        wanted_precision=lesson.wanted_of_links,
        least=1,
    )
    new = _of_links(made, kept)
    if _measured(new).precision < lesson.wanted_of_links:
        # It may still suggest better than what serves, and links what it is surer of, if anything.
        made = linking.stricter(made, [one.judged for one in kept], wanted=lesson.wanted_of_links)
        new = _of_links(made, kept)
    serving = lesson.promotions.links(name)
    return lesson.outcome(
        name,
        len(reports),
        made=made,
        serving=serving,
        new=new,
        old=_of_links(serving, kept),
        wanted=lesson.wanted_of_links,
    )


def _of_links(model: LinkModel, asked: Sequence[Asked]) -> list[Foretold]:
    return [_link_foretold(model, one) for one in asked]


def _link_foretold(model: LinkModel, asked: Asked) -> Foretold:
    found, right = model.proposal(asked.judged.report), asked.judged.right
    record, chance = found.ranked[0] if found.ranked else (None, 0.0)
    return Foretold(
        chance,
        record is not None and record == right,
        found.decision is Decision.LINK,
        asked.about,
        possible=right is not None,
    )


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
        return Outcome(ADAPTER, len(pairs), Verdict.NO_BETTER, figures=figures)
    verdict = lesson.promoted(ADAPTER, made)
    return Outcome(ADAPTER, len(pairs), verdict, version=made.version, figures=figures)


# ------------------------------------------------------------------ the trail of it


def _write_down(session: Session, outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        _note(session, "promote", one.name, {"version": one.version, "pairs": one.pairs, **_told(one)})


def _told(outcome: Outcome) -> dict[str, Any]:
    """Before → after of each figure, as the audit shows changes."""
    if "new" not in outcome.figures:
        return outcome.figures
    before, after = outcome.figures["serving"], outcome.figures["new"]
    names = ("log_loss", "calibration_error", "precision", "shown")
    return {name: [round(before[name], 4), round(after[name], 4)] for name in names}


def _note(
    session: Session, action: str, name: str, detail: dict[str, Any], *, by: Person | None = None
) -> None:
    """Without a person: on the word of whoever runs the command, or of the nightly round."""
    by_id = by.id if by is not None else None
    session.add(
        AuditEntry(
            at=now(session), by_id=by_id, action=action, subject=SUBJECT, subject_id=name, detail=detail
        )
    )
