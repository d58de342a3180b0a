"""Merging two records with all that hangs on them, and parting them again.

Links, rejections, articles and open countermeasures of the duplicate go on under the survivor; parked
tickets wait for the survivor's repair from then on. Each judgement keeps whoever made it. The invariant:
parting gives back what merging moved, as far as nobody has judged it anew meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from defects import library, moves
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Countermeasure, Defect, DefectMove
from defects.queries import articles_about
from defects.texts import as_stored, text_of
from indexer.words import N_
from kb.columns import now
from kb.models import Article
from portal.causes.merging.models import MovedJudgement, RecordMerge
from portal.people.models import Person
from portal.tickets import linking
from portal.tickets.locking import lock_ids
from portal.tickets.models import DefectLink, LinkVerdict, Ticket
from portal.tickets.notices import Event, tell

LISTS = ("symptoms", "codes", "affected")
#: Tickets are held a few hundred at a time: a database takes only so many values in one question.
PART = 400


def merge(
    session: Session,
    defect: Defect,
    into: Defect,
    *,
    by: Person,
    duties: Collection[DefectDuty],
    note: str = "",
) -> DefectMove:
    """Declare ``defect`` a duplicate of ``into``; what hangs on it goes along."""
    _hold_tickets(session, _judged_on(defect))
    survivor = moves.survivor_of(into)
    before = {name: set(getattr(survivor, name)) for name in LISTS}
    entry = moves.merge(session, defect, into, by=by.id, duties=duties, note=note)
    merged = RecordMerge(defect_id=defect.id, into_id=survivor.id, by_id=by.id, at=now(session))
    merged.gained = {
        name: [line for line in getattr(survivor, name) if line not in before[name]] for name in LISTS
    }
    merged.articles = list(_articles_along(session, defect, survivor))
    merged.measures = list(_measures_along(session, defect, survivor))
    session.add(merged)
    session.flush()
    for link in _judgements_along(session, defect, survivor):
        session.add(MovedJudgement(merge_id=merged.id, link_id=link.id))
    session.flush()
    _tell(session, defect, survivor, by=by)
    return entry


def part(
    session: Session, defect: Defect, *, by: Person, duties: Collection[DefectDuty], note: str
) -> DefectMove:
    """It was no duplicate: open it again, and give it back what it brought along."""
    survivor = defect.duplicate_of
    merged = _standing(session, defect)
    if merged is not None:
        _hold_tickets(session, _moved_by(merged))
    if survivor is not None:
        moves.hold(session, defect, survivor)
    entry = moves.move(session, defect, DefectAction.REOPEN, by=by.id, duties=duties, note=note)
    if merged is None or survivor is None:
        return entry
    merged.parted_at = now(session)
    session.flush()
    _followers_back(session, defect)
    _judgements_back(session, merged, defect, survivor)
    _things_back(session, merged, defect, survivor)
    _words_back(session, merged, survivor, by=by)
    session.flush()
    return entry


def _standing(session: Session, defect: Defect) -> RecordMerge | None:
    """The merge by which this record is a duplicate now."""
    wanted = select(RecordMerge).where(RecordMerge.defect_id == defect.id, RecordMerge.parted_at.is_(None))
    return session.scalars(wanted.order_by(RecordMerge.id.desc()).limit(1)).first()


# ── along ────────────────────────────────────────────────────────────────────────────────────────


def _judgements_along(session: Session, defect: Defect, survivor: Defect) -> Iterator[DefectLink]:
    """The judgements on the survivor that took the place of those on the duplicate."""
    for ticket in _judged(session, defect):
        standing = [row for row in ticket.defect_links if row.verdict != LinkVerdict.UNDONE]
        if any(row.is_live and row.defect_id == defect.id for row in standing):
            carried = linking.carry(session, ticket, survivor)
            if carried is not None:
                yield carried
        elif not any(row.defect_id == survivor.id for row in standing):
            yield _copied(
                session, ticket, next(row for row in standing if row.defect_id == defect.id), survivor
            )


def _judged_on(defect: Defect) -> Select[int]:
    """The tickets somebody has judged to be of this record, or not."""
    return select(DefectLink.ticket_id).where(
        DefectLink.defect_id == defect.id, DefectLink.verdict != LinkVerdict.UNDONE
    )


def _moved_by(merged: RecordMerge) -> Select[int]:
    return (
        select(DefectLink.ticket_id)
        .join(MovedJudgement, MovedJudgement.link_id == DefectLink.id)
        .where(MovedJudgement.merge_id == merged.id)
    )


def _hold_tickets(session: Session, wanted: Select[int]) -> None:
    """Before the records: whoever links a ticket holds the two in this order, too."""
    for part in _parts(session, wanted):
        lock_ids(session, part)


def _parts(session: Session, wanted: Select[int]) -> Iterator[Sequence[int]]:
    """Lowest first."""
    ids = sorted(set(session.scalars(wanted)))
    return (ids[start : start + PART] for start in range(0, len(ids), PART))


def _judged(session: Session, defect: Defect) -> Iterator[Ticket]:
    """Lowest first."""
    for part in _parts(session, _judged_on(defect)):
        tickets = select(Ticket).where(Ticket.id.in_(part)).order_by(Ticket.id)
        yield from session.scalars(tickets.options(selectinload(Ticket.defect_links))).unique().all()


def _copied(session: Session, ticket: Ticket, row: DefectLink, survivor: Defect) -> DefectLink:
    """Whoever said "not this one" said it of the survivor, too."""
    copy = DefectLink(
        ticket=ticket,
        defect=survivor,
        verdict=LinkVerdict.REJECTED,
        by_id=row.by_id,
        at=row.at,
        probability=row.probability,
    )
    session.add(copy)
    session.flush()
    return copy


def _articles_along(session: Session, defect: Defect, survivor: Defect) -> Iterator[int]:
    here = {row.id for row in articles_about(session, survivor)}
    for article in articles_about(session, defect):
        if article.id not in here:
            library.tie(session, survivor, article)
            yield article.id


def _measures_along(session: Session, defect: Defect, survivor: Defect) -> Iterator[int]:
    """What was not done yet is still to be done."""
    wanted = select(Countermeasure).where(
        Countermeasure.defect_id == defect.id,
        Countermeasure.done_at.is_(None),
        Countermeasure.dropped_at.is_(None),
    )
    for measure in session.scalars(wanted).all():
        measure.defect_id = survivor.id
        yield measure.id


def _tell(session: Session, defect: Defect, survivor: Defect, *, by: Person) -> None:
    """Those in charge of either hear where it goes on."""
    owners = {defect.owner_middle_id, defect.owner_back_id, survivor.owner_middle_id, survivor.owner_back_id}
    values = {
        "by": by.name,
        "defect": survivor.number,
        "number": defect.number,
        "title": survivor.title,
    }
    people = [number for number in owners if number]
    tell(session, Event.RECORD_MERGED, to=people, values=values, by=by)


# ── back ─────────────────────────────────────────────────────────────────────────────────────────


def _followers_back(session: Session, defect: Defect) -> None:
    """Records merged into this one were led on to its survivor; they answer to this one again."""
    above = {defect.id}
    while above:
        rows = session.scalars(
            select(RecordMerge).where(RecordMerge.into_id.in_(above), RecordMerge.parted_at.is_(None))
        ).all()
        above = set()
        for row in rows:
            follower = session.get_one(Defect, row.defect_id)
            if follower.state == DefectState.DUPLICATE and follower.duplicate_of_id != defect.id:
                follower.duplicate_of_id = defect.id
                above.add(follower.id)
    session.flush()


def _judgements_back(session: Session, merged: RecordMerge, defect: Defect, survivor: Defect) -> None:
    """Only those that still stand: whoever judged anew meanwhile knew more."""
    for link in _links_of(session, merged):
        if link.verdict == LinkVerdict.LINKED and link.defect_id == survivor.id:
            linking.carry(session, link.ticket, defect)
        elif link.verdict == LinkVerdict.REJECTED and link.defect_id == survivor.id:
            link.verdict, link.ended_at, link.ended_by_id = LinkVerdict.UNDONE, now(session), None


def _links_of(session: Session, merged: RecordMerge) -> Iterable[DefectLink]:
    """What this merge moved, followed to where a later merge has carried it."""
    wanted = (
        select(DefectLink)
        .join(MovedJudgement, MovedJudgement.link_id == DefectLink.id)
        .where(MovedJudgement.merge_id == merged.id)
        .options(selectinload(DefectLink.ticket).selectinload(Ticket.defect_links))
        .order_by(DefectLink.ticket_id)
    )
    for link in session.scalars(wanted).all():
        live = next((row for row in link.ticket.defect_links if row.is_live), None)
        yield live if live is not None and link.ended_by_id is None else link


def _things_back(session: Session, merged: RecordMerge, defect: Defect, survivor: Defect) -> None:
    for article in session.scalars(select(Article).where(Article.id.in_(merged.articles))):
        library.untie(session, survivor, article)
    wanted = select(Countermeasure).where(
        Countermeasure.id.in_(merged.measures), Countermeasure.defect_id == survivor.id
    )
    for measure in session.scalars(wanted):
        if measure.is_open:
            measure.defect_id = defect.id


def _words_back(session: Session, merged: RecordMerge, survivor: Defect, *, by: Person) -> None:
    text = text_of(survivor)
    kept = {
        name: tuple(line for line in getattr(text, name) if line not in merged.gained.get(name, ()))
        for name in LISTS
    }
    number = session.get_one(Defect, merged.defect_id).number
    reason = N_("%(number)s 已恢复为单独的缺陷") % {"number": number}
    changed = replace(text, **kept)  # type: ignore[arg-type]
    if as_stored(session, changed) != as_stored(session, text):
        library.describe(session, survivor, changed, reason=reason)
