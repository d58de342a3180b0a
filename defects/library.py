"""The verbs of the defect library: open, describe, move, merge, tie to an article.

Verbs never commit. The invariant: only ``move`` and ``merge`` change a state, and both write it down.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects.flow import DefectAction, DefectDuty, DefectState, step
from defects.models import Defect, DefectArticle, DefectMove, DefectType
from defects.signatures import canonical, codes_in
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.models import Article

TITLE_LIMIT = 300
VERSION_LIMIT = 40
TEXT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class DefectText:
    """Everything a curator decides about a record."""

    title: str
    system: str
    module: str | None = None
    type: DefectType = DefectType.FUNCTION
    severity: int = 3
    key: bool = False
    due_on: date | None = None
    symptoms: Sequence[str] = field(default=())
    codes: Sequence[str] = field(default=())
    affected: Sequence[str] = field(default=())
    fixed_in: str | None = None
    reproduce: str = ""
    cause: str = ""
    workaround: str = ""
    fix: str = ""
    data_fix: str = ""
    shown_to_users: bool = True
    owner_middle_id: int | None = None
    owner_back_id: int | None = None


def check(text: DefectText) -> None:
    """Raise :class:`Refused` when the text can't stand as a record."""
    if not text.title.strip():
        raise Refused(N_("请填写缺陷标题。"))
    if len(text.title) > TITLE_LIMIT:
        raise Refused(N_("标题太长，请控制在 %(limit)s 个字以内。"), limit=TITLE_LIMIT)
    if not text.system:
        raise Refused(N_("请选择缺陷所在的系统。"))
    if text.severity not in (1, 2, 3, 4):
        raise Refused(N_("严重程度只能是 1 到 4 级。"))
    if text.key and not text.due_on:
        raise Refused(N_("重点问题必须写明整改期限。"))


def open_record(session: Session, text: DefectText, *, by: int) -> Defect:
    """Open a record as 疑似; error codes named in the symptoms are taken along."""
    defect = begin(session, text, by=by, number=next_number(session))
    session.flush()
    return defect


def begin(session: Session, text: DefectText, *, by: int, number: str) -> Defect:
    """A new record under a number already taken for it, not yet flushed: imports begin many at once."""
    check(text)
    moment = now(session)
    defect = Defect(number=number, created_by=by, created_at=moment, updated_at=moment)
    defect.state = DefectState.SUSPECTED
    session.add(defect)
    _apply(session, defect, text)
    return defect


def describe(session: Session, defect: Defect, text: DefectText, *, seen: int | None = None) -> Defect:
    """Change what a record says; ``seen`` is the version the curator was looking at."""
    check(text)
    if seen is not None and seen != defect.version:
        raise Refused(N_("这条缺陷在您编辑期间被同事改过。您的内容还在，请对照最新版本后再保存。"))
    _apply(session, defect, text)
    session.flush()
    return defect


def text_of(defect: Defect) -> DefectText:
    """The curator's decisions as they stand now."""
    return DefectText(**{name: getattr(defect, name) for name in DefectText.__dataclass_fields__})


def as_stored(session: Session, text: DefectText) -> DefectText:
    """What ``text`` becomes in a record: trimmed, codes canonical. Imports compare with it."""
    scratch = Defect()
    _apply(session, scratch, text)
    return text_of(scratch)


def move(
    session: Session,
    defect: Defect,
    action: DefectAction,
    *,
    by: int | None,
    duties: Collection[DefectDuty],
    note: str = "",
    seen: int | None = None,
    cause: str = "",
    fixed_in: str = "",
) -> DefectMove:
    """Take one step of the record's life and write it down.

    ``cause`` and ``fixed_in`` come with 登记修复 when the record lacks them; ``seen`` is the version the
    person was looking at.
    """
    if seen is not None and seen != defect.version:
        raise Refused(N_("这条缺陷刚刚被同事改动过，请看过最新内容再操作。"))
    if action == DefectAction.FIX and duties:
        defect.cause = cause.strip() or defect.cause
        defect.fixed_in = fixed_in.strip()[:VERSION_LIMIT] or defect.fixed_in
    given = {name for name in ("cause", "fixed_in") if getattr(defect, name)}
    if note.strip():
        given.add("note")
    if defect.duplicate_of_id:
        given.add("duplicate_of")
    row = step(defect.state, action, duties=duties, given=given)
    moment = now(session)
    entry = DefectMove(action=action, start=defect.state, end=row.end, by_id=by, at=moment, note=note.strip())
    defect.moves.append(entry)
    defect.state, defect.updated_at = row.end, moment
    if action == DefectAction.FIX:
        defect.fixed_at = moment
    if action == DefectAction.REOPEN:
        defect.duplicate_of_id = None
    if action == DefectAction.RECUR:
        defect.recurrences += 1
    session.flush()
    return entry


def merge(
    session: Session,
    defect: Defect,
    into: Defect,
    *,
    by: int,
    duties: Collection[DefectDuty],
    note: str = "",
) -> DefectMove:
    """Declare ``defect`` a duplicate of ``into``; chains are collapsed to the surviving record."""
    target = into
    while target.duplicate_of is not None and target.state == DefectState.DUPLICATE:
        target = target.duplicate_of
    if target.id == defect.id:
        raise Refused(N_("不能把一条缺陷并入它自己。"))
    defect.duplicate_of_id = target.id
    entry = move(session, defect, DefectAction.MERGE, by=by, duties=duties, note=note)
    followers = session.scalars(select(Defect).where(Defect.duplicate_of_id == defect.id))
    for follower in followers:
        follower.duplicate_of_id = target.id
    target.symptoms = _unique([*target.symptoms, *defect.symptoms])
    target.codes = _unique([*target.codes, *defect.codes])
    session.flush()
    return entry


def tie(session: Session, defect: Defect, article: Article) -> None:
    """Say that ``article`` tells users about ``defect``."""
    if session.get(DefectArticle, (defect.id, article.id)) is None:
        session.add(DefectArticle(defect_id=defect.id, article_id=article.id))
        session.flush()


def untie(session: Session, defect: Defect, article: Article) -> None:
    """Take that back."""
    row = session.get(DefectArticle, (defect.id, article.id))
    if row is not None:
        session.delete(row)
        session.flush()


def next_number(session: Session) -> str:
    """The next free QX number; numbers are never used twice."""
    highest = session.scalar(select(func.max(Defect.number))) or "QX000000"
    return f"QX{int(highest[2:]) + 1:06d}"


def _unique(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _apply(session: Session, defect: Defect, text: DefectText) -> None:
    for name, value in asdict(text).items():
        setattr(defect, name, value.strip() if isinstance(value, str) else value)
    defect.module = text.module or None
    defect.fixed_in = (text.fixed_in or "").strip() or None
    defect.symptoms = _unique(text.symptoms)
    defect.affected = _unique(text.affected)
    named = [code for line in text.symptoms for code in codes_in(line)]
    defect.codes = list(dict.fromkeys([*(canonical(code) for code in text.codes if code.strip()), *named]))
    defect.updated_at = now(session)
