"""Records that seem to say the same: pairs alike by words and meaning, compared by a person.

How texts are alike is the indexer's, merging is ``causes.merging``. The invariant: what
somebody found to be different is not proposed again while that judgement stands.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, and_, exists, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from defects.flow import DefectState
from defects.models import Defect
from indexer.clusters import Alike, Pair
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.causes.wall.models import NotTwins, TwinPair
from portal.finder.sources import DEFECT
from portal.people.models import Person
from portal.people.roles import Permission

#: On the sample's records what lies above is the same cause told twice; two causes reach 0.29 at most.
LEAST = 0.34
MOST = 500
WHY_LIMIT = 300
DEAD = (DefectState.DUPLICATE, DefectState.NOT_A_DEFECT)

ONE, OTHER = aliased(Defect, name="one"), aliased(Defect, name="other")


def texts_of(session: Session) -> list[Alike]:
    """Every living record as it is compared: with others of its system."""
    rows = session.scalars(select(Defect).where(Defect.state.not_in(DEAD)).order_by(Defect.id))
    return [Alike((DEFECT, str(row.id)), _text(row), within=row.system) for row in rows]


def _text(row: Defect) -> str:
    return "\n".join((row.title, row.title, *row.symptoms, *row.codes, row.cause[:300]))


def settle(session: Session, pairs: Sequence[Pair]) -> int:
    """Write down which pairs were found; how many wait for somebody to look at them."""
    apart = {(one, other) for one, other in session.execute(select(NotTwins.one_id, NotTwins.other_id))}
    found = {ids(pair): pair for pair in pairs if ids(pair) not in apart}
    wanted = dict(list(found.items())[:MOST])
    for row in session.scalars(select(TwinPair)):
        pair = wanted.pop((row.one_id, row.other_id), None)
        if pair is None:
            session.delete(row)
        else:
            row.likeness, row.words = round(pair.likeness, 3), list(pair.words)
    there = set(session.scalars(select(Defect.id).where(Defect.state.not_in(DEAD))))
    session.add_all(
        TwinPair(one_id=one, other_id=other, likeness=round(pair.likeness, 3), words=list(pair.words))
        for (one, other), pair in wanted.items()
        if {one, other} <= there
    )
    session.flush()
    return len(found)


def ids(pair: Pair) -> tuple[int, int]:
    """Both records, the smaller number first."""
    one, other = sorted((int(pair.one[1]), int(pair.other[1])))
    return one, other


def proposed(*, system: str = "") -> Select[TwinPair]:
    """Pairs of living records that nobody has judged, the likest first."""
    judged = exists().where(NotTwins.one_id == TwinPair.one_id, NotTwins.other_id == TwinPair.other_id)
    rows = (
        select(TwinPair)
        .join(ONE, ONE.id == TwinPair.one_id)
        .join(OTHER, OTHER.id == TwinPair.other_id)
        .where(and_(ONE.state.not_in(DEAD), OTHER.state.not_in(DEAD)), ~judged)
        .options(contains_eager(TwinPair.one.of_type(ONE)), contains_eager(TwinPair.other.of_type(OTHER)))
    )
    rows = rows.where(ONE.system == system) if system else rows
    return rows.order_by(TwinPair.likeness.desc(), TwinPair.one_id, TwinPair.other_id)


def kept_apart_by(session: Session, person: Person, *, limit: int) -> list[NotTwins]:
    """The pairs that this person found to be different, newest first."""
    rows = select(NotTwins).options(joinedload(NotTwins.one), joinedload(NotTwins.other))
    mine = rows.where(NotTwins.by_id == person.id)
    newest = mine.order_by(NotTwins.at.desc(), NotTwins.one_id, NotTwins.other_id)
    return list(session.scalars(newest.limit(limit)))


def keep_apart(session: Session, one: Defect, other: Defect, *, by: Person, why: str = "") -> NotTwins:
    """These two have different causes: the pair is not proposed again."""
    _check(by)
    if one.id == other.id:
        raise Refused(N_("请选择两条不同的缺陷。"))
    first, second = sorted((one.id, other.id))
    former = session.get(NotTwins, (first, second))
    if former is not None:
        return former
    row = NotTwins(one_id=first, other_id=second, by_id=by.id, at=now(session), why=why.strip()[:WHY_LIMIT])
    session.add(row)
    session.flush()
    return row


def reconsider(session: Session, one: Defect, other: Defect, *, by: Person) -> None:
    """Take that judgement back; the pair is proposed again where it was found."""
    _check(by)
    row = session.get(NotTwins, tuple(sorted((one.id, other.id))))
    if row is None:
        raise Refused(N_("没有可以撤销的判断。"))
    session.delete(row)
    session.flush()


def _check(by: Person) -> None:
    if not by.may(Permission.CURATE_DEFECTS):
        raise Refused(N_("您的岗位不能判断缺陷是否重复。"))
