"""What administrators do with robots (webhooks): invite, change, pause, renew the secret, try out.

The invariant: only who holds the permission does it, every deed is in the audit, and no address or secret
is ever written there. A secret is returned once, by the verb that made it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.config import Settings
from portal.delivery import claims
from portal.delivery.guard import resolved, target_of
from portal.delivery.models import Delivery, Kind, Status, Webhook
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.notices import TABLE, Event

MOST = 50
NAME_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an administrator fills in. An empty ``url`` or ``secret`` keeps the one that is there."""

    name: str
    kind: Kind
    url: str
    events: frozenset[str]
    systems: frozenset[str] = frozenset()
    with_title: bool = False
    secret: str = ""


def robots() -> Select[Webhook]:
    return select(Webhook).order_by(Webhook.id)


def deliveries_of(hook: Webhook, *, limit: int = 20) -> Select[Delivery]:
    """The latest first."""
    return select(Delivery).where(Delivery.hook_id == hook.id).order_by(Delivery.id.desc()).limit(limit)


def shown_address(hook: Webhook) -> str:
    """As much of the address as may be shown: where it is, not what lets one in."""
    target = target_of(hook.url)
    return f"{target.scheme}://{target.host}/…{hook.url[-4:]}"


def invite(session: Session, given: Invitation, settings: Settings, *, by: Person) -> tuple[Webhook, str]:
    """Returns the robot and, when the desk made it, the secret to be shown once."""
    _may(by)
    if len(session.scalars(robots()).all()) >= MOST:
        raise Refused(N_("群机器人已经太多，请先删掉不用的。"))
    if not given.url:
        raise Refused(N_("请填写机器人的网址。"))
    _check(given, settings)
    secret = _new_secret() if given.kind == Kind.GENERIC else given.secret
    hook = Webhook(
        name=given.name.strip(),
        kind=given.kind,
        url=given.url,
        secret=secret,
        created_at=now(session),
        created_by_id=by.id,
        **_chosen(given),
    )
    session.add(hook)
    session.flush()
    audit.record(session, "create", "webhook", subject_id=hook.id, by=by, **_told(hook))
    return hook, secret if given.kind == Kind.GENERIC else ""


def change(session: Session, hook: Webhook, given: Invitation, settings: Settings, *, by: Person) -> None:
    _may(by)
    _check(given, settings)
    hook.name, hook.kind = given.name.strip(), given.kind
    hook.url = given.url or hook.url
    hook.secret = given.secret or hook.secret
    for name, value in _chosen(given).items():
        setattr(hook, name, value)
    session.flush()
    audit.record(session, "change", "webhook", subject_id=hook.id, by=by, **_told(hook))


def switch(session: Session, hook: Webhook, *, on: bool, by: Person) -> None:
    """Pause it or let it hear again; what happened meanwhile is not told afterwards."""
    _may(by)
    hook.active = on
    session.flush()
    action = "reactivate" if on else "deactivate"
    audit.record(session, action, "webhook", subject_id=hook.id, by=by, name=hook.name)


def renew_secret(session: Session, hook: Webhook, *, by: Person) -> str:
    """A new secret, valid from the next message on; the old one is gone."""
    _may(by)
    if hook.kind != Kind.GENERIC:
        raise Refused(N_("这种机器人的密钥由对方生成，请在下面填新的。"))
    hook.secret = _new_secret()
    session.flush()
    audit.record(session, "renew_secret", "webhook", subject_id=hook.id, by=by, name=hook.name)
    return hook.secret


def try_out(session: Session, hook: Webhook, *, by: Person) -> Delivery:
    """A test message, sent by the worker the way every other is."""
    _may(by)
    if not hook.active:
        raise Refused(N_("机器人已停用，先启用再测试。"))
    waiting = select(Delivery.id).where(
        Delivery.hook_id == hook.id, Delivery.happening_id.is_(None), Delivery.status == Status.WAITING
    )
    if session.scalars(waiting).first() is not None:
        raise Refused(N_("上一条测试消息还没有发出，请稍等。"))
    moment = now(session)
    delivery = Delivery(
        key=f"hook-{hook.id}-test-{secrets.token_hex(8)}", made_at=moment, hook_id=hook.id, next_at=moment
    )
    session.add(delivery)
    session.flush()
    audit.record(session, "try_out", "webhook", subject_id=hook.id, by=by, name=hook.name)
    return delivery


def send_again(session: Session, delivery: Delivery, *, by: Person) -> None:
    """Another round of attempts for what was given up."""
    _may(by)
    if delivery.status not in (Status.GIVEN_UP, Status.FAILED):
        raise Refused(N_("这条消息不需要重发。"))
    claims.try_again(delivery, now=now(session))
    session.flush()


def _may(by: Person) -> None:
    if not by.may(Permission.MANAGE_WEBHOOKS):
        raise Refused(N_("只有系统管理员能管理群机器人。"))


def _check(given: Invitation, settings: Settings) -> None:
    if not given.name.strip() or len(given.name) > NAME_LIMIT:
        raise Refused(N_("请给机器人起一个名字，不超过 100 个字。"))
    if not given.events or not given.events <= {event.value for event in Event}:
        raise Refused(N_("请至少选择一种要通知的事。"))
    if given.url:
        resolved(target_of(given.url), settings.webhook_networks)


def _chosen(given: Invitation) -> dict[str, object]:
    return {
        "events": [event.value for event in TABLE if event.value in given.events],
        "systems": sorted(given.systems),
        "with_title": given.with_title,
    }


def _told(hook: Webhook) -> dict[str, object]:
    return {"name": hook.name, "kind": hook.kind.value, "events": hook.events, "with_title": hook.with_title}


def _new_secret() -> str:
    return secrets.token_urlsafe(32)
