"""Finding: ask the index, re-check in the database, return what this viewer may see.

What is asked is in ``question``, what a row shows in ``shelves``, what the index is told in ``sources``, the
answer without an index in ``plain``. The invariants: every title, snippet, count and facet comes from rows
read again under the viewer's rules; a broken index makes the answer poorer (``Found.degraded``), never an
exception.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from defects.models import Defect
from indexer.document import Answer, Hit, Key, Mode, Query
from indexer.index import Index
from portal.faults.models import Announcement
from portal.faults.readers import live_announcements
from portal.finder import likely, link_signs, linking, plain, prediction
from portal.finder.found import Found, Prediction, Result, Subject
from portal.finder.numbers import by_number, hit_of
from portal.finder.period import ANY_TIME, Period
from portal.finder.question import (
    ANSWERS,
    EVERYTHING,
    NOTHING,
    Ask,
    Filters,
    Near,
    ask_about,
    ask_of,
    query_of,
    wide_ask,
    within,
)
from portal.finder.shelves import FAULT, completed, facets_of, fits, moment_of, offered, reread, result_of
from portal.finder.sources import ANNOUNCEMENT, DEFECT, TICKET
from portal.finder.wording import cleaned
from portal.people.models import Person, Unit
from portal.people.queries import viewer_of
from portal.tickets.models import Ticket

FACETS = ("system", "module", "state", "category", "language")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A permitted row with what the index said of it."""

    kind: str
    row: Subject
    hit: Hit


class Finder:
    """Everything that searches goes through one of these; it holds the index and no state of its own."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def search(
        self,
        session: Session,
        person: Person,
        text: str,
        *,
        kinds: Collection[str] = (),
        filters: Filters = NOTHING,
        near: Near = NOTHING,
        period: Period = ANY_TIME,
        limit: int = 20,
        offset: int = 0,
        unit: Unit | None = None,
    ) -> Found:
        """What this person finds, page by page; no kinds means every kind.

        ``unit``: of the one for whom staff search; answers that it has outgrown are none.
        """
        ask = within(period, wide_ask(text, kinds, filters, near, most=offset + limit))
        live = _live(session, person)
        numbered = kinds or (*EVERYTHING, FAULT)
        ranked, answer = self._ranked(
            session, person, ask, numbered=numbered, live=live, glance=True, unit=unit
        )
        told = _announcements(session, ask, ranked, live=live)
        if not kinds:
            ranked = [item for item in ranked if item.row not in told]
        shown = ranked[offset : offset + limit]
        completed(session, [item.row for item in shown])
        page = _results(shown, ask.text, answer)
        return Found(
            page,
            answer.mode,
            told,
            trusted=any(item.hit.trusted for item in ranked),
            total=len(ranked),
            facets=_facets(ranked),
            calibration=answer.calibration,
            counted=answer.is_counted,
        )

    def suggest(
        self,
        session: Session,
        person: Person,
        text: str,
        *,
        system: str | None = None,
        category: str | None = None,
        limit: int = 5,
        unit: Unit | None = None,
    ) -> Found:
        """Articles and known defects that may answer ``text`` before a ticket is filed."""
        near = {"system": system, "category": category}
        ask = ask_of(text, (*ANSWERS, ANNOUNCEMENT), NOTHING, near, depth=2 * limit + 4)
        live = _live(session, person)
        ranked, answer = self._ranked(session, person, ask, numbered=(*ANSWERS, TICKET), live=live, unit=unit)
        told = _announcements(session, ask, ranked, live=live)
        answers = _in_own_language([item for item in ranked if item.kind != ANNOUNCEMENT], person)
        results = _results(answers[:limit], ask.text, answer)
        return Found(
            results,
            answer.mode,
            told,
            trusted=any(item.trusted for item in results),
            total=len(answers),
            calibration=answer.calibration,
            counted=answer.is_counted,
        )

    def neighbours(
        self, session: Session, person: Person, ticket: Ticket, *, limit: int = 5
    ) -> tuple[Result, ...]:
        """Alike tickets that this person may open."""
        ask = ask_about(ticket, TICKET, depth=limit + 4)
        ranked, answer = self._ranked(session, person, ask, numbered=())
        return _results(ranked[:limit], ask.text, answer)

    def likely_defects(
        self, session: Session, person: Person, ticket: Ticket, *, limit: int = 5
    ) -> tuple[Result, ...]:
        """Root causes this ticket may have, with the evidence; the linked one first, rejected ones never."""
        judged = likely.judged(ticket)
        ask = replace(ask_about(ticket, DEFECT, depth=2 * limit + 4), exclude=judged.rejected_keys)
        ranked, answer = self._ranked(session, person, ask, numbered=(), explain=True)
        missing = [key for key in judged.linked_keys if key not in {item.hit.key for item in ranked}]
        linked = reread(session, person, missing)
        results = [
            *(result_of(DEFECT, row, text=ask.text) for row in linked.values()),
            *self._weighed(ticket, ranked, _results(ranked, ask.text, answer), answer),
        ]
        return likely.with_evidence(results, ticket, judged)[:limit]

    def _weighed(
        self, ticket: Ticket, ranked: Sequence[Ranked], results: Sequence[Result], answer: Answer
    ) -> Sequence[Result]:
        """In the order, with the probabilities and under the decision of the model of links."""
        if answer.trace is None:
            return results
        model = self.index.promotions.links(
            f"links_{Mode.LEXICAL if answer.mode is Mode.LEXICAL else Mode.HYBRID}"
        )
        known = {
            item.hit.key: link_signs.known_of(item.row) for item in ranked if isinstance(item.row, Defect)
        }
        report = link_signs.report_of(link_signs.told_of(ticket), answer, known)
        return linking.weighed(results, model, model.proposal(report))

    def predict(self, session: Session, person: Person, text: str) -> Prediction:
        """System, module and category this text is probably about; None where it doesn't say.

        The one place where the index is asked for everything: see ``prediction`` for what may count.
        """
        asked = cleaned(text)
        if not person.active or not asked:
            return Prediction()
        query = Query(asked, audience=None, kinds=prediction.VOTING, limit=prediction.VOTERS)
        hits = prediction.telling(asked, self.index.search(query).hits)
        rows = reread(session, person, [hit.key for hit in hits], glance=True)
        seen = [
            prediction.Vote.of(hit, facets_of(hit.kind, rows[hit.key])) for hit in hits if hit.key in rows
        ]
        unseen = [hit for hit in hits if hit.kind == TICKET and hit.key not in rows]
        return prediction.predicted(session, asked, seen, prediction.crowd(session, unseen))

    def _ranked(
        self,
        session: Session,
        person: Person,
        ask: Ask,
        *,
        numbered: Collection[str],
        live: Sequence[Announcement] = (),
        explain: bool = False,
        glance: bool = False,
        unit: Unit | None = None,
    ) -> tuple[list[Ranked], Answer]:
        """Permitted rows in the order of the index, exact reference numbers on top.

        ``live``: the announcements that may be among them, read already.
        """
        answer = self.index.search(query_of(session, person, ask), explain=explain)
        if not person.active or not ask.text:
            return [], answer
        exact = by_number(session, person, ask.text, kinds=numbered)
        if answer.mode == Mode.UNAVAILABLE:
            hits = plain.search(session, person, ask.text, kinds=ask.kinds, limit=ask.depth)
        else:
            hits = answer.hits
        wanted = [hit.key for hit in hits if hit.key not in exact and hit.kind != ANNOUNCEMENT]
        told: dict[Key, Subject] = {(ANNOUNCEMENT, str(row.id)): row for row in live}
        rows = told | exact | offered(session, person, wanted, unit=unit, glance=glance)
        pinned = [hit_of(key, row) for key, row in exact.items()]
        return _permitted([*pinned, *(hit for hit in hits if hit.key not in exact)], rows, ask), answer


def _permitted(hits: Iterable[Hit], rows: Mapping[Key, Subject], ask: Ask) -> list[Ranked]:
    found = [Ranked(hit.kind, rows[hit.key], hit) for hit in hits if hit.key in rows]
    return [
        item
        for item in found
        if item.hit.key not in ask.exclude
        and fits(item.kind, item.row, ask.filters)
        and ask.period.holds(moment_of(item.kind, item.row))
    ]


def _results(ranked: Iterable[Ranked], text: str, answer: Answer) -> tuple[Result, ...]:
    found = (result_of(item.kind, item.row, text=text, hit=item.hit) for item in ranked)
    return tuple(replace(row, counted=answer.is_counted) for row in found)


def _live(session: Session, person: Person) -> Sequence[Announcement]:
    """The announcements that this person must be shown now."""
    return session.scalars(live_announcements(viewer_of(person))).all() if person.active else ()


def _announcements(
    session: Session, ask: Ask, ranked: Sequence[Ranked], *, live: Sequence[Announcement]
) -> tuple[Announcement, ...]:
    """Of the live ones those about what the question concerns, faults first."""
    if not live:  # on most days
        return ()
    concerned = _systems(ask, ranked) | prediction.named_systems(session, ask.text).keys()
    hit = {item.row.id for item in ranked if item.kind == ANNOUNCEMENT and item.hit.trusted}
    return tuple(row for row in live if row.id in hit or concerned & set(row.systems))


def _systems(ask: Ask, ranked: Sequence[Ranked]) -> set[str]:
    """Systems the asker named, and those of the answers: the best one, and others that are trusted."""
    given = {ask.near.get("system", "")} | set(ask.filters.get("system", ()))
    answers = [item for place, item in enumerate(ranked[:3]) if place == 0 or item.hit.trusted]
    return given | {code for item in answers for code in facets_of(item.kind, item.row).get("system", ())}


def _facets(ranked: Sequence[Ranked]) -> dict[str, list[tuple[str, int]]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("kind", *FACETS)}
    for item in ranked:
        counts["kind"][item.kind] += 1
        facets = facets_of(item.kind, item.row)
        for name in FACETS:
            counts[name].update(facets.get(name, ()))
    return {name: counter.most_common() for name, counter in counts.items() if counter}


def _in_own_language(ranked: Sequence[Ranked], person: Person) -> list[Ranked]:
    """One language version of each text, the reader's own before others among equally trusted ones."""
    own = "en" if person.locale.startswith("en") else "zh"
    seen: dict[tuple[str, int], Ranked] = {}
    for item in ranked:
        group = (item.kind, getattr(item.row, "translation_of_id", None) or item.row.id)
        former = seen.get(group)
        if former is None:
            seen[group] = item
        elif _language(item) == own != _language(former):
            # The translation takes the better place, with the better place's evidence.
            seen[group] = Ranked(item.kind, item.row, replace(former.hit, id=item.hit.id, passage=""))
    return sorted(seen.values(), key=lambda item: (not item.hit.trusted, _language(item) != own))


def _language(item: Ranked) -> str:
    return next(iter(facets_of(item.kind, item.row).get("language", ("zh",))))
