"""Stopping automatic links and letting them go on: by the system when the promise is broken, else by people.

A pause by the system is about one model: a newly promoted one begins afresh. A pause by a person is about
all of them and ends by a person. The invariant: every stop and every resumption is in the audit, and those
who curate defects are told once of each stop by the system.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused, check_note
from portal.causes.autolink.models import LinkPause
from portal.causes.autolink.standing import Standing, standing
from portal.people.models import AuditEntry, Person, PersonPost
from portal.people.roles import Permission, posts_with
from portal.tickets.notices import Event, tell

SUBJECT = "autolink"
NOT_YOURS = N_("您的岗位不能暂停或恢复自动关联。")


def pause_of(session: Session, model: str) -> LinkPause | None:
    """The pause that stops this model now."""
    wanted = select(LinkPause).where(LinkPause.ended_at.is_(None), LinkPause.model.in_((model, "")))
    return session.scalars(wanted.order_by(LinkPause.id).limit(1)).first()


def is_suspended(session: Session, model: str, *, wanted: float) -> bool:
    """Asked right before a link is made, so that none is made against the evidence."""
    return pause_of(session, model) is not None or watch(session, model, wanted=wanted) is not None


def broken(session: Session, model: str = "", *, wanted: float) -> Standing | None:
    """How it stands where this model (the one that linked last) has to be stopped; None where it need not."""
    stands = standing(session, model)
    if not stands.breaks(wanted) or pause_of(session, stands.model) is not None:
        return None
    return stands


def watch(session: Session, model: str = "", *, wanted: float) -> LinkPause | None:
    """Stop the model if its promise is broken; returns the pause that began."""
    stands = broken(session, model, wanted=wanted)
    if stands is None:
        return None
    begun = _begun(session, stands, wanted=wanted, note="", by=None)
    values = {
        "looked_at": str(stands.looked_at),
        "right": str(stands.right),
        "wanted": f"{wanted * 100:.3g}%",
    }
    tell(session, Event.LINKING_PAUSED, to=_curators(session), values=values)
    return begun


def _curators(session: Session) -> list[int]:
    holders = select(PersonPost.person_id).where(
        PersonPost.post.in_(posts_with(Permission.CURATE_DEFECTS)),
    )
    return list(session.scalars(select(Person.id).where(Person.active, Person.id.in_(holders))))


def pause(session: Session, *, by: Person, note: str, wanted: float) -> LinkPause:
    """Stop all automatic links until a person lets them go on."""
    _check(by)
    if not note.strip():
        raise Refused(N_("请写明为什么暂停。"))
    check_note(note)
    if pause_of(session, "") is not None:
        raise Refused(N_("自动关联已经暂停。"))
    return _begun(session, standing(session), wanted=wanted, note=note.strip(), by=by)


def resume(session: Session, *, by: Person) -> list[LinkPause]:
    """Let automatic links go on; what people said before no longer counts against them."""
    _check(by)
    open_ones = list(session.scalars(select(LinkPause).where(LinkPause.ended_at.is_(None))))
    if not open_ones:
        raise Refused(N_("自动关联没有暂停。"))
    for row in open_ones:
        row.ended_at, row.ended_by_id = now(session), by.id
        _note(session, "resume", row, by=by)
    session.flush()
    return open_ones


def _check(by: Person) -> None:
    if not (by.active and by.may(Permission.STEER_LEARNING)):
        raise Refused(NOT_YOURS)


def _begun(session: Session, stood: Standing, *, wanted: float, note: str, by: Person | None) -> LinkPause:
    row = LinkPause(
        model=stood.model if by is None else "",
        at=now(session),
        by_id=by.id if by else None,
        note=note,
        looked_at=stood.looked_at,
        right=stood.right,
        upper=stood.upper if stood.looked_at else None,
        wanted=wanted,
    )
    session.add(row)
    session.flush()
    _note(session, "pause", row, by=by)
    return row


def _note(session: Session, action: str, row: LinkPause, *, by: Person | None) -> None:
    detail = {"model": row.model, "looked_at": row.looked_at, "right": row.right, "note": row.note}
    session.add(
        AuditEntry(
            at=now(session),
            by_id=by.id if by else None,
            action=action,
            subject=SUBJECT,
            subject_id=str(row.id),
            detail=detail,
        )
    )
