"""Tables of what is carried on: deliveries and the robots (webhooks) that hear of the desk."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from indexer.words import N_
from kb.columns import Code, Name, UtcDateTime, choice
from portal.db import Base
from portal.people.models import Person
from portal.tickets.models import Notice
from portal.tickets.telling.models import Happening


class Kind(StrEnum):
    GENERIC = "generic"
    WECOM = "wecom"
    DINGTALK = "dingtalk"


KIND_LABELS = {
    Kind.WECOM: N_("企业微信群机器人"),
    Kind.DINGTALK: N_("钉钉群机器人"),
    Kind.GENERIC: N_("通用 JSON（带签名）"),
}


class Status(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"  # will be tried again
    GIVEN_UP = "given_up"
    SKIPPED = "skipped"  # no longer wanted when its turn came


STATUS_LABELS = {
    Status.WAITING: N_("等待发送"),
    Status.SENT: N_("已送达"),
    Status.FAILED: N_("失败，稍后重试"),
    Status.GIVEN_UP: N_("已放弃"),
    Status.SKIPPED: N_("不再需要"),
}
#: Those that the worker still has to do something about.
OPEN = (Status.WAITING, Status.FAILED)


class Webhook(Base):
    """A robot that an administrator has invited. Address and secret are credentials: no page shows them."""

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    kind: Mapped[Kind] = mapped_column(choice(Kind))
    url: Mapped[str] = mapped_column(String(1000))
    secret: Mapped[str] = mapped_column(String(200), default="")
    events: Mapped[list[str]] = mapped_column(JSON, default=list)
    systems: Mapped[list[str]] = mapped_column(JSON, default=list)  # codes; none means every system
    with_title: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int] = mapped_column(ForeignKey(Person.id))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention


class Delivery(Base):
    """One message on its way. ``key`` names it for ever: here, in a Message-ID and in a header."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "status", "next_at"),
        Index("ix_delivery_person", "person_id", "status"),
        Index("ix_delivery_hook", "hook_id", "id"),
        Index("ix_delivery_made", "made_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey(Notice.id))
    happening_id: Mapped[int | None] = mapped_column(ForeignKey(Happening.id))
    person_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    hook_id: Mapped[int | None] = mapped_column(ForeignKey(Webhook.id))
    digest: Mapped[bool] = mapped_column(default=False)
    status: Mapped[Status] = mapped_column(choice(Status), default=Status.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(Code, default="")
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    #: A sentence with placeholders and their values; never an address or a secret of a robot.
    trouble: Mapped[str] = mapped_column(Text, default="")
    trouble_values: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)

    notice: Mapped[Notice | None] = relationship()
    happening: Mapped[Happening | None] = relationship()
    person: Mapped[Person | None] = relationship()
    hook: Mapped[Webhook | None] = relationship()
