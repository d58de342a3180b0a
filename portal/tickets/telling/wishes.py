"""What people chose: read for one or for many at once, and written by its owner alone.

Sending is not here; ``portal.delivery`` asks and obeys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.telling.groups import DIGEST_HOUR, GROUPS, Channel, Group, Way, default_way
from portal.tickets.telling.models import TellingHours, Wish

HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Hours:
    """``quiet``: from this hour until that one nothing is mailed; None: mail comes at any hour."""

    digest: int = DIGEST_HOUR
    quiet: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """One person's choices, defaults filled in."""

    mail: Mapping[Group, Way]
    muted: frozenset[Group]
    hours: Hours


def wishes_of(session: Session, people: Iterable[Person]) -> dict[int, Wishes]:
    """The choices of all these people, in two queries."""
    wanted = {person.id: person for person in people}
    rows = session.scalars(select(Wish).where(Wish.person_id.in_(wanted))).all()
    hours = session.scalars(select(TellingHours).where(TellingHours.person_id.in_(wanted)))
    times = {row.person_id: _hours(row) for row in hours}
    chosen: dict[int, list[Wish]] = {}
    for row in rows:
        chosen.setdefault(row.person_id, []).append(row)
    return {
        number: _filled(chosen.get(number, []), staff=person.is_staff, hours=times.get(number, Hours()))
        for number, person in wanted.items()
    }


def _hours(row: TellingHours) -> Hours:
    quiet = None if row.quiet_from is None or row.quiet_to is None else (row.quiet_from, row.quiet_to)
    return Hours(row.digest_hour, quiet)


def _filled(rows: list[Wish], *, staff: bool, hours: Hours) -> Wishes:
    mail = {group: default_way(group, staff=staff) for group in GROUPS}
    mail |= {row.group: row.way for row in rows if row.channel == Channel.MAIL}
    muted = {row.group for row in rows if row.channel == Channel.PORTAL and row.way == Way.NEVER}
    return Wishes(mail, frozenset(group for group in muted if not GROUPS[group].must), hours)


def muted_by(session: Session, group: Group, people: Iterable[int]) -> set[int]:
    """Those who want this group in their list only: it is neither counted nor does it pop up."""
    if GROUPS[group].must:
        return set()
    return set(
        session.scalars(
            select(Wish.person_id).where(
                Wish.person_id.in_(list(people)),
                Wish.group == group,
                Wish.channel == Channel.PORTAL,
                Wish.way == Way.NEVER,
            )
        )
    )


def choose(session: Session, person: Person, wishes: Wishes) -> None:
    """Replace a person's choices; what equals the default is not kept: a better default will reach them."""
    _check(wishes)
    session.execute(delete(Wish).where(Wish.person_id == person.id))
    session.execute(delete(TellingHours).where(TellingHours.person_id == person.id))
    session.add_all(
        Wish(person_id=person.id, group=group, channel=Channel.MAIL, way=way)
        for group, way in wishes.mail.items()
        if way != default_way(group, staff=person.is_staff)
    )
    session.add_all(
        Wish(person_id=person.id, group=group, channel=Channel.PORTAL, way=Way.NEVER)
        for group in wishes.muted
    )
    if wishes.hours != Hours():
        begin, end = wishes.hours.quiet or (None, None)
        session.add(
            TellingHours(person_id=person.id, digest_hour=wishes.hours.digest, quiet_from=begin, quiet_to=end)
        )
    session.flush()


def _check(wishes: Wishes) -> None:
    if any(GROUPS[group].must for group in wishes.muted):
        raise Refused(N_("等您回应的、交到您手上的通知不能静音，否则工单会停在您这里没有人知道。"))
    hours = (wishes.hours.digest, *(wishes.hours.quiet or ()))
    if any(hour not in HOURS for hour in hours):
        raise Refused(N_("钟点请填 0 到 23 之间的整数。"))
    if wishes.hours.quiet and wishes.hours.quiet[0] == wishes.hours.quiet[1]:
        raise Refused(N_("免打扰的开始和结束不能是同一个钟点；不需要免打扰就都不选。"))
