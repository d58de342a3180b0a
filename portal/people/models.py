"""Tables of people: units, persons, posts, sign-ins, API tokens.

People are deactivated, never deleted: trails and texts keep pointing at them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kb.columns import FLAT, Code, Name, UtcDateTime, choice
from portal.db import Base
from portal.people.roles import Permission, Post, permissions_of


class Unit(Base):
    """An organisation unit: company → province → city bureau → department."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(Name)
    name_en: Mapped[str] = mapped_column(Name, default="")
    kind: Mapped[str] = mapped_column(Code, default="department")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    path: Mapped[str] = mapped_column(String(500), index=True)  # "/hq/ld/ld-cy/": whole sub-trees by prefix
    active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[Unit | None] = relationship(remote_side=[id])

    @property
    def ancestry(self) -> tuple[str, ...]:
        """Codes from the top down to this unit."""
        return tuple(code for code in self.path.split("/") if code)


class Person(Base):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(Code, unique=True)
    name: Mapped[str] = mapped_column(Name, index=True)
    name_en: Mapped[str] = mapped_column(Name, default="")
    email: Mapped[str] = mapped_column(Name, default="")
    phone: Mapped[str] = mapped_column(String(40), default="", index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey(Unit.id), index=True)
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    locale: Mapped[str] = mapped_column(String(8), default="")
    theme: Mapped[str] = mapped_column(String(8), default="")
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    unit: Mapped[Unit] = relationship(lazy="joined", innerjoin=FLAT)
    posts: Mapped[list[PersonPost]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", back_populates="person"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own convention

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(row.post for row in self.posts)

    def may(self, permission: Permission) -> bool:
        return self.active and permission in self.permissions

    @property
    def is_staff(self) -> bool:
        return bool(self.posts)

    # What a sign-in library asks of an account; nobody else needs it.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return str(self.id)


class PersonPost(Base):
    """A post somebody holds, bound to a unit (front) or to systems (middle and back)."""

    __tablename__ = "person_post"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"), index=True)
    post: Mapped[Post] = mapped_column(choice(Post))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey(Unit.id))
    systems: Mapped[list[str]] = mapped_column(JSON, default=list)  # codes; bound posts without any see none

    person: Mapped[Person] = relationship(back_populates="posts")
    unit: Mapped[Unit | None] = relationship(lazy="joined")


class LoginSession(Base):
    """A browser's server-side session; the cookie holds only its signed name."""

    __tablename__ = "login_session"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[int | None] = mapped_column(index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ApiToken(Base):
    """A bearer token of a person or a service: scoped, revocable, stored as a hash only."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey(Person.id), index=True)
    name: Mapped[str] = mapped_column(Name)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuditEntry(Base):
    """What administrators changed about people and the catalogue; append only."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_subject", "subject", "subject_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(ForeignKey(Person.id))
    action: Mapped[str] = mapped_column(Code)
    subject: Mapped[str] = mapped_column(Code)
    subject_id: Mapped[str] = mapped_column(Code)
    detail: Mapped[dict[str, object]] = mapped_column(JSON, default=dict)
