"""Which article or defect here is which item of the exchange, and how far both sides have agreed.

A thing that has never been exchanged is known by this desk's number and its own name. The invariant: an
ident leads to one thing here, and a thing bears one ident, whichever pack brought it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from kb.columns import now
from kb.importing.identity import chunks, own_id
from kb.models import Article
from portal.packs.idents import ident_of, parts
from portal.packs.lineage import extended
from portal.packs.models import PackDesk, PackTie
from portal.packs.words import Kind

MODELS: dict[Kind, Any] = {Kind.ARTICLE: Article, Kind.DEFECT: Defect}


def this_desk(session: Session) -> PackDesk:
    """This desk among others; it gets its number the first time somebody asks."""
    found = session.scalar(select(PackDesk).order_by(PackDesk.id).limit(1))
    if found is None:
        found = PackDesk(id=1, desk=secrets.token_hex(8), serial=0)
        session.add(found)
        session.flush()
    return found


def ties_of(session: Session, kind: Kind, ids: Collection[int]) -> dict[int, PackTie]:
    """id here → tie; without those that have never been exchanged."""
    found: dict[int, PackTie] = {}
    for part in chunks(ids):
        wanted = select(PackTie).where(PackTie.kind == kind, PackTie.subject_id.in_(part))
        found |= {tie.subject_id: tie for tie in session.scalars(wanted)}
    return found


def idents_of(session: Session, kind: Kind, ids: Collection[int], *, desk: str) -> dict[int, str]:
    """id here → what it is called on every desk."""
    model = MODELS[kind]
    found: dict[int, str] = {}
    for part in chunks(ids):
        rows = session.execute(select(model.id, model.number, model.created_at).where(model.id.in_(part)))
        found |= {id_: ident_of(desk, own_id(number, at)) for id_, number, at in rows}
    return found | {id_: tie.ident for id_, tie in ties_of(session, kind, ids).items()}


def idents_by_number(session: Session, numbers: Collection[str], *, desk: str) -> dict[str, str]:
    """KB or QX number here → ident."""
    found: dict[str, str] = {}
    for kind, model in MODELS.items():
        mine = sorted(number for number in numbers if number[:2] == PREFIX[kind])
        ids: dict[int, str] = {}
        for part in chunks(mine):
            ids |= dict(session.execute(select(model.id, model.number).where(model.number.in_(part))).all())
        idents = idents_of(session, kind, ids, desk=desk) if ids else {}
        found |= {ids[id_]: ident for id_, ident in idents.items()}
    return found


PREFIX = {Kind.ARTICLE: "KB", Kind.DEFECT: "QX"}


def subjects_of(session: Session, kind: Kind, idents: Collection[str], *, desk: str) -> dict[str, int]:
    """ident → id here, of those that are here."""
    found: dict[str, int] = {}
    for part in chunks(sorted(idents)):
        wanted = select(PackTie.ident, PackTie.subject_id).where(
            PackTie.kind == kind, PackTie.ident.in_(part)
        )
        found |= dict(session.execute(wanted).all())
    own = [ident for ident in idents if ident not in found and parts(ident)[0] == desk]
    return found | _own(session, MODELS[kind], own)


def _own(session: Session, model: Any, idents: Collection[str]) -> dict[str, int]:
    """Things that were first here: number and moment of making must both be right."""
    names = {parts(ident)[1]: ident for ident in idents}
    found: dict[str, int] = {}
    for part in chunks(sorted({name.partition("@")[0] for name in names})):
        rows = session.execute(select(model.id, model.number, model.created_at).where(model.number.in_(part)))
        for id_, number, at in rows:
            if (ident := names.get(own_id(number, at))) is not None:
                found[ident] = id_
    return found


def numbers_of(session: Session, idents: Collection[str], *, desk: str) -> dict[str, str]:
    """ident → number here, of articles and defects alike."""
    found: dict[str, str] = {}
    for kind, model in MODELS.items():
        mine = [ident for ident in idents if parts(ident)[1].startswith(PREFIX[kind])]
        ids = subjects_of(session, kind, mine, desk=desk) if mine else {}
        for part in chunks(sorted(set(ids.values()))):
            rows = session.execute(select(model.id, model.number).where(model.id.in_(part)))
            numbers: dict[int, str] = dict(rows.all())
            found |= {ident: numbers[id_] for ident, id_ in ids.items() if id_ in numbers}
    return found


def agree(
    session: Session,
    kind: Kind,
    subject_id: int,
    *,
    ident: str,
    versions: Iterable[str],
    content: str,
    former: Mapping[int, PackTie] | None = None,
) -> PackTie:
    """Write on the line of a thing: these versions were sent or taken, ``content`` is what it says here.

    With an empty ``content`` what is here stays ours: it went on from these versions.
    """
    held = former if former is not None else ties_of(session, kind, [subject_id])
    tie = held.get(subject_id)
    if tie is None:
        tie = PackTie(kind=kind, ident=ident, subject_id=subject_id, line=[])
        session.add(tie)
    tie.line, tie.agreed, tie.at = extended(tie.line, *versions), content, now(session)
    return tie
