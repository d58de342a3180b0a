"""A pack from its preview to taking it back: what a person asks for; ``parts`` works it off.

The invariant: what is applied is what was chosen when it was asked for, by somebody whose posts may.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.packs import receiving, senders, signing
from portal.packs.models import Pack, PackItem
from portal.packs.taking import kinds_open_to
from portal.packs.words import CHOICES, PHASE_LABELS, Choice, Fate, Phase, Standing
from portal.people import audit
from portal.people.models import Person

OPEN = (Phase.PREVIEWED, Phase.DONE)


def compare_again(
    session: Session,
    pack: Pack,
    *,
    by: Person,
    mapping: Mapping[str, Mapping[str, str]] | None = None,
    strict: bool | None = None,
) -> None:
    """Compare what has not been taken yet once more; ``mapping``: which of our places theirs are."""
    receiving.check_receiver(by)
    _check_open(pack)
    if mapping is not None:
        pack.mapping = {kind: dict(rows) for kind, rows in mapping.items()}
    if strict is not None:
        pack.strict = strict
    again = (Fate.CHECKED, Fate.FAILED)
    rows = and_(PackItem.pack_id == pack.id, PackItem.fate.in_(again))
    _update(session, rows, fate=Fate.OPEN, sentence="", told={})
    _enter(session, pack, Phase.CHECKING)


def choose(session: Session, pack: Pack, item: PackItem, choice: Choice, *, by: Person) -> None:
    """What is to be done with one item."""
    receiving.check_receiver(by)
    _check_open(pack)
    if item.fate != Fate.CHECKED or item.standing is None or choice not in CHOICES[item.standing]:
        raise Refused(N_("这一条不能这样选。"))
    item.chosen, item.chosen_by_id = choice, by.id
    session.flush()


def choose_all(session: Session, pack: Pack, standing: Standing, choice: Choice, *, by: Person) -> int:
    """The same choice for every item that stands so; returns how many."""
    receiving.check_receiver(by)
    _check_open(pack)
    if choice not in CHOICES[standing]:
        raise Refused(N_("这一条不能这样选。"))
    rows = and_(PackItem.pack_id == pack.id, PackItem.standing == standing, PackItem.fate == Fate.CHECKED)
    return _update(session, rows, chosen=choice, chosen_by_id=by.id)


def apply(session: Session, pack: Pack, *, by: Person, publish: bool = False) -> int:
    """Take what is chosen, of the kinds that this person may take; returns how many items are to be done."""
    receiving.check_receiver(by)
    _check_open(pack)
    _check_trust(session, pack)
    taken = _update(session, _asked(pack, by), fate=Fate.CHOSEN)
    if not taken:
        raise Refused(N_("没有选中要接收的内容，或者要由别的岗位接收。"))
    _update(session, and_(_mine(pack, by), PackItem.standing == Standing.UNCHANGED), fate=Fate.CHOSEN)
    pack.publish, pack.runner_id = publish, by.id
    audit.record(session, "apply", "pack", subject_id=pack.id, by=by, items=taken, publish=publish)
    _enter(session, pack, Phase.RUNNING)
    return taken


def asked(session: Session, pack: Pack, by: Person) -> bool:
    """Is anything chosen that this person may take?"""
    wanted = select(PackItem.id).where(_asked(pack, by)).limit(1)
    return pack.phase in OPEN and session.scalar(wanted) is not None


def _mine(pack: Pack, by: Person) -> ColumnElement[bool]:
    kinds = PackItem.kind.in_(kinds_open_to(by))
    return and_(PackItem.pack_id == pack.id, PackItem.fate == Fate.CHECKED, kinds)


def _asked(pack: Pack, by: Person) -> ColumnElement[bool]:
    """What is to be taken, and the conflicts in which somebody has decided for ours."""
    settled = and_(PackItem.standing == Standing.CONFLICT, PackItem.chosen_by_id.is_not(None))
    return and_(_mine(pack, by), or_(PackItem.chosen != Choice.KEEP, settled))


def _check_trust(session: Session, pack: Pack) -> None:
    """Trust may have ended since the preview."""
    public = signing.key_from(pack.public_key)
    sender = senders.trusted(session, public)
    if sender is None and not pack.own:
        raise Refused(N_("这个资料包的签名人还没有受信任。"))
    if sender is not None:
        sender.latest = max(sender.latest, pack.made_at) if sender.latest else pack.made_at


def may_undo(session: Session, pack: Pack, by: Person) -> bool:
    """Is there anything left that this person may take back?"""
    taken = select(PackItem.id).where(_taken(pack, by)).limit(1)
    return pack.phase in OPEN and bool(pack.stored_as) and session.scalar(taken) is not None


def undo(session: Session, pack: Pack, *, by: Person) -> int:
    """Take back what this person may, item by item, where nobody has touched it since."""
    if not may_undo(session, pack, by):
        raise Refused(N_("这个资料包没有可以撤销的内容。"))
    count = _update(session, _taken(pack, by), fate=Fate.UNDOING)
    pack.runner_id = by.id
    audit.record(session, "undo", "pack", subject_id=pack.id, by=by, items=count)
    _enter(session, pack, Phase.UNDOING)
    return count


def _taken(pack: Pack, by: Person) -> ColumnElement[bool]:
    mine = PackItem.kind.in_(kinds_open_to(by))
    return and_(PackItem.pack_id == pack.id, PackItem.fate == Fate.DONE, mine)


def _update(session: Session, rows: ColumnElement[bool], **values: object) -> int:
    """Change many items at once; returns how many."""
    done = session.execute(update(PackItem).where(rows).values(**values))
    session.expire_all()
    return int(getattr(done, "rowcount", 0))


def trust(session: Session, pack: Pack, *, name: str, typed: str, by: Person, folder: Path) -> None:
    """Trust the signer of this pack, and read on."""
    senders.trust(session, signing.key_from(pack.public_key), name=name, typed=typed, by=by)
    receiving.lay_out(session, pack, folder)


def _check_open(pack: Pack) -> None:
    if pack.phase not in OPEN:
        raise Refused(N_("资料包现在是“%(phase)s”，请稍候再操作。"), phase=PHASE_LABELS[pack.phase])
    if not pack.stored_as:
        raise Refused(N_("这个资料包的文件已按期清理，请重新打开文件。"))


def _enter(session: Session, pack: Pack, phase: Phase) -> None:
    pack.phase, pack.moved_at = phase, now(session)
    session.flush()
