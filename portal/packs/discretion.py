"""What must not leave the desk with a pack: people in users' words, numbers that tell who somebody is.

Articles are published texts and go as they stand; what users said (“也这样问”, symptoms) and everything in
a defect record is masked first. The invariant: masking what is masked changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, union
from sqlalchemy.orm import Session, aliased

from defects.models import Defect, DefectMove
from portal.finder.masking import masked
from portal.packs.words import Kind
from portal.people.models import Person
from portal.tickets.models import DefectLink, Ticket

#: Fields in which people write freely.
MASKED: dict[Kind, tuple[str, ...]] = {
    Kind.ARTICLE: ("also",),
    Kind.DEFECT: ("title", "symptoms", "reproduce", "cause", "workaround", "fix", "data_fix"),
    Kind.SYNONYM: (),
}


def without_people(kind: Kind, content: Mapping[str, Any], *, names: Collection[str] = ()) -> dict[str, Any]:
    """The same content with who somebody is left out."""
    return {name: _masked(value, names) if name in MASKED[kind] else value for name, value in content.items()}


def _masked(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, list):
        return list(dict.fromkeys(masked(line, names=names) for line in value))
    return masked(value, names=names)


def names_around(session: Session, defects: Sequence[Defect]) -> dict[int, set[str]]:
    """Defect → the names of everybody who reported it, owns it or has worked on it; three queries."""
    ids = [row.id for row in defects]
    filer = aliased(Ticket)
    linked = (
        select(DefectLink.defect_id, Ticket.requester_id).join(Ticket).where(DefectLink.defect_id.in_(ids))
    )
    filed = (
        select(DefectLink.defect_id, filer.filed_by_id)
        .join(filer, filer.id == DefectLink.ticket_id)
        .where(DefectLink.defect_id.in_(ids))
    )
    moved = select(DefectMove.defect_id, DefectMove.by_id).where(DefectMove.defect_id.in_(ids))
    around: dict[int, set[int]] = {row.id: _own_people(row) for row in defects}
    pairs: list[tuple[int, int | None]] = [*session.execute(union(linked, filed, moved))]
    for defect_id, person_id in pairs:
        around[defect_id].add(person_id or 0)
    people = {id_ for several in around.values() for id_ in several}
    rows = session.execute(select(Person.id, Person.name, Person.name_en).where(Person.id.in_(people)))
    names = {id_: {name for name in (zh, en) if name} for id_, zh, en in rows}
    return {id_: set().union(*(names.get(one, set()) for one in several)) for id_, several in around.items()}


def _own_people(defect: Defect) -> set[int]:
    return {defect.created_by, defect.owner_middle_id or 0, defect.owner_back_id or 0}
