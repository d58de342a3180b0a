"""Reading packs: those that came, their items narrowed and counted, those that were made, what is left over.

The invariant: item lists are asked a page at a time and carry no texts; those are read for one item.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, defer

from portal.packs.models import Pack, PackItem, PackMade
from portal.packs.words import MOVING, Choice, Fate, Kind, Phase, Standing

#: When nobody's page has asked for the next part for so long, the worker does it.
LEFT_ALONE = timedelta(seconds=20)
#: What nobody has taken is thrown away after this, and of what was taken the texts that are no longer needed.
FORGOTTEN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a list of items is narrowed to."""

    text: str = ""
    kind: Kind | None = None
    standing: Standing | None = None
    fate: Fate | None = None


def received() -> Select[Pack]:
    return select(Pack).order_by(Pack.id.desc())


def made() -> Select[PackMade]:
    return select(PackMade).order_by(PackMade.id.desc())


def items(pack: Pack, narrowed: Narrowed) -> Select[PackItem]:
    """In the order of interest: what was refused or is a conflict first, what is the same last."""
    wanted = select(PackItem).where(PackItem.pack_id == pack.id)
    wanted = wanted.where(PackItem.kind == narrowed.kind) if narrowed.kind else wanted
    wanted = wanted.where(PackItem.standing == narrowed.standing) if narrowed.standing else wanted
    wanted = wanted.where(PackItem.fate == narrowed.fate) if narrowed.fate else wanted
    if narrowed.text:
        like = "%" + narrowed.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        wanted = wanted.where(
            PackItem.title.ilike(like, escape="\\") | PackItem.ident.ilike(like, escape="\\")
        )
    rank = case({standing: place for place, standing in enumerate(ORDER)}, value=PackItem.standing)
    return wanted.options(defer(PackItem.values), defer(PackItem.before)).order_by(rank, PackItem.id)


ORDER = (
    Standing.CONFLICT,
    Standing.UNFIT,
    Standing.GONE,
    Standing.THEIRS,
    Standing.NEW,
    Standing.OURS,
    Standing.UNCHANGED,
)


def standings(session: Session, pack: Pack) -> dict[Standing, int]:
    rows = select(PackItem.standing, func.count()).where(PackItem.pack_id == pack.id)
    rows = rows.where(PackItem.standing.is_not(None)).group_by(PackItem.standing)
    return {standing: count for standing, count in session.execute(rows) if standing is not None}


def fates(session: Session, pack: Pack) -> dict[Fate, int]:
    rows = select(PackItem.fate, func.count()).where(PackItem.pack_id == pack.id).group_by(PackItem.fate)
    return dict(session.execute(rows).all())


def waiting(session: Session, pack: Pack) -> dict[Kind, int]:
    """Kind → how many items are chosen and not yet taken."""
    rows = select(PackItem.kind, func.count()).where(
        PackItem.pack_id == pack.id, PackItem.fate == Fate.CHECKED, PackItem.chosen != Choice.KEEP
    )
    return dict(session.execute(rows.group_by(PackItem.kind)).all())


def left_alone(session: Session, moment: datetime) -> Pack | None:
    """A pack in progress whose page nobody keeps open; locked, so that two workers don't take the same."""
    moving = select(Pack).where(Pack.phase.in_(MOVING), Pack.moved_at <= moment - LEFT_ALONE)
    locked = moving.order_by(Pack.id).limit(1).with_for_update(skip_locked=True, of=Pack)
    return session.scalars(locked).first()


def forgotten(moment: datetime) -> Select[Pack]:
    """Packs that nobody has gone on with for long."""
    still = (Phase.UNTRUSTED, Phase.PREVIEWED, Phase.DONE, Phase.UNDONE)
    return select(Pack).where(
        Pack.phase.in_(still), Pack.moved_at <= moment - FORGOTTEN, Pack.stored_as != ""
    )
