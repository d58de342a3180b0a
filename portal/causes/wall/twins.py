"""Records that seem to say the same: which texts are compared, and who may tell two records apart.

How texts are alike is the indexer's, what is kept of a pair ``finder.pairs``, merging ``causes.merging``. The
invariant: records that are not living (merged, or no defect at all) are neither compared nor proposed.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from defects.flow import DEAD
from defects.models import Defect
from indexer.clusters import Alike, Pair
from indexer.words import N_
from kb.flow import Refused
from portal.causes.wall.models import NotTwins, TwinPair
from portal.finder.pairs import Pairs
from portal.finder.sources import DEFECT
from portal.people.models import Person
from portal.people.roles import Permission

#: On the sample's records what lies above is the same cause told twice; two causes reach 0.29 at most.
LEAST = 0.34
TWINS = Pairs(Defect, TwinPair, NotTwins, living=lambda defect: defect.state.not_in(DEAD))


def texts_of(session: Session) -> list[Alike]:
    """Every living record as it is compared: with others of its system."""
    rows = session.scalars(select(Defect).where(Defect.state.not_in(DEAD)).order_by(Defect.id))
    return [Alike((DEFECT, str(row.id)), _text(row), within=row.system) for row in rows]


def _text(row: Defect) -> str:
    return "\n".join((row.title, row.title, *row.symptoms, *row.codes, row.cause[:300]))


def settle(session: Session, pairs: Sequence[Pair]) -> int:
    """Write down which pairs were found; how many wait for somebody to look at them."""
    return TWINS.settle(session, pairs)


def proposed(*, system: str = "") -> Select[TwinPair]:
    """Pairs of living records that nobody has judged, the likest first."""
    return TWINS.proposed(system=system)


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
    return TWINS.keep_apart(session, one, other, by=by, why=why)


def reconsider(session: Session, one: Defect, other: Defect, *, by: Person) -> None:
    """Take that judgement back; the pair is proposed again where it was found."""
    _check(by)
    if not TWINS.reconsider(session, one, other):
        raise Refused(N_("没有可以撤销的判断。"))


def _check(by: Person) -> None:
    if not by.may(Permission.CURATE_DEFECTS):
        raise Refused(N_("您的岗位不能判断缺陷是否重复。"))
