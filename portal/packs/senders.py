"""Whose signatures this desk trusts: added by an administrator who has compared the fingerprint by hand.

The invariant: a name, a desk's number or a pack's own words make nobody trusted; only a public key does,
and only once a person has typed its fingerprint from another source than the pack.
"""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.packs import signing, ties
from portal.packs.models import PackSender
from portal.packs.words import BadPack
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission

SUBJECT = "pack_sender"


def senders() -> Select[PackSender]:
    """Those trusted now first, then those who were."""
    return select(PackSender).order_by(PackSender.removed_at.is_not(None), PackSender.id)


def trusted(session: Session, public_key: bytes) -> PackSender | None:
    """The sender with this key, while they are trusted."""
    return session.scalar(
        select(PackSender).where(
            PackSender.public_key == signing.spelled(public_key), PackSender.removed_at.is_(None)
        )
    )


def trust(session: Session, public_key: bytes, *, name: str, typed: str, by: Person) -> PackSender:
    """Trust this key; ``typed`` is the fingerprint as the other side has told it."""
    _check_administrator(by)
    name = " ".join(name.split())
    if not name:
        raise Refused(N_("请写明这是哪个服务台。"))
    fingerprint = signing.fingerprint(public_key)
    if not signing.is_typed(typed, fingerprint):
        raise Refused(N_("您输入的指纹和这把公钥的不一致。请通过电话或当面向对方核对，不要照抄资料包里的。"))
    sender = session.scalar(select(PackSender).where(PackSender.public_key == signing.spelled(public_key)))
    if sender is not None and sender.removed_at is None:
        raise Refused(N_("这个签名人已经受信任了。"))
    if sender is None:
        sender = PackSender(public_key=signing.spelled(public_key), fingerprint=fingerprint)
        session.add(sender)
    sender.name, sender.added_by_id, sender.added_at = name[:200], by.id, now(session)
    sender.removed_at = sender.removed_by_id = None
    session.flush()
    audit.record(session, "trust", SUBJECT, subject_id=sender.id, by=by, name=name, fingerprint=fingerprint)
    return sender


def distrust(session: Session, sender: PackSender, *, by: Person) -> None:
    """Their packs are refused from now on; what has been taken stays."""
    _check_administrator(by)
    if sender.removed_at is not None:
        raise Refused(N_("已经不再信任这个签名人了。"))
    sender.removed_at, sender.removed_by_id = now(session), by.id
    session.flush()
    audit.record(
        session,
        "distrust",
        SUBJECT,
        subject_id=sender.id,
        by=by,
        name=sender.name,
        fingerprint=sender.fingerprint,
    )


def check_desk(session: Session, sender: PackSender | None, desk: str) -> None:
    """A trusted key speaks for the desk that its first pack was of, and for no other."""
    own = ties.this_desk(session).desk
    if sender is None:
        return
    if desk == own or (sender.desk and sender.desk != desk):
        raise BadPack(N_("这个签名人不能代表资料包里写的那个服务台，没有读取。请与对方核对。"))
    sender.desk = desk


def _check_administrator(by: Person) -> None:
    if not by.may(Permission.TRUST_SENDERS):
        raise Refused(N_("只有系统管理员可以决定信任谁的签名。"))
