"""What a record says: everything a curator decides about it, what of that can stand, and how it is stored.

Imports, packs and forms speak of a record by its :class:`DefectText`; the verbs are ``library``'s.
The invariant: a record is put into words by ``put`` alone, so that what is stored is trimmed and canonical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from defects.models import Defect, DefectType
from defects.signatures import canonical, codes_in
from defects.versions import check_affected, check_fixed, in_order
from defects.wording import gathered
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused

TITLE_LIMIT = 300
VERSION_LIMIT = 40
TEXT_LIMIT = 20_000
SYMPTOM_LIMIT = 500


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


def check_by_hand(text: DefectText, *, known: DefectText | None = None) -> None:
    """What a person is held to beyond :func:`check`; what stood in the record before is not asked again."""
    before = set(known.affected) if known else set()
    check_affected(version for version in text.affected if version not in before)
    if known is None or (text.fixed_in, list(text.affected)) != (known.fixed_in, list(known.affected)):
        check_fixed(text.fixed_in, affected=text.affected)
    if text.key and text.owner_middle_id is None:
        raise Refused(N_("重点问题必须有中台负责人。"))


def text_of(defect: Defect) -> DefectText:
    """The curator's decisions as they stand now."""
    return DefectText(**{name: getattr(defect, name) for name in DefectText.__dataclass_fields__})


def as_stored(session: Session, text: DefectText) -> DefectText:
    """What ``text`` becomes in a record: trimmed, codes canonical. Imports compare with it."""
    scratch = Defect()
    put(session, scratch, text)
    return text_of(scratch)


def distinct(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def put(session: Session, defect: Defect, text: DefectText) -> None:
    """Make the record say this; error codes named in the symptoms are taken along."""
    for name, value in asdict(text).items():
        setattr(defect, name, value.strip() if isinstance(value, str) else value)
    defect.module = text.module or None
    defect.fixed_in = (text.fixed_in or "").strip() or None
    defect.symptoms = distinct(text.symptoms)
    defect.affected = in_order(text.affected)
    named = [code for line in text.symptoms for code in codes_in(line)]
    defect.codes = list(dict.fromkeys([*(canonical(code) for code in text.codes if code.strip()), *named]))
    defect.said = gathered(defect)
    defect.updated_at = now(session)
