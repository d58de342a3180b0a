"""What administrators do with information forms: write a draft, publish it, retire the form.

Users never see a draft. The invariant: a published version is never changed, every change is in the audit,
and a key once given to a field is never given to another one of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.models import System
from portal.people.audit import record
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.forms.fields import Choice, Field, Kind, Need, packed, unpacked
from portal.tickets.forms.models import FormVersion, InfoForm
from portal.tickets.words import SUB_LABELS, Category

SUBJECT = "form"
MOST_FIELDS = 20
MOST_CHOICES = 30
LONGEST_NAME = 60
LONGEST_HINT = 200
LONGEST_SUBJECT = 64
KEY = re.compile(r"f(\d+)")


@dataclass(frozen=True, slots=True)
class Scope:
    """What a form is for; ``module`` and ``sub`` empty mean any."""

    system: System
    category: Category
    module: str = ""
    sub: str = ""


@dataclass(frozen=True, slots=True)
class FieldText:
    """What is said of one field; ``choices``: a line each, “中文 | English”."""

    kind: Kind
    name: str
    name_en: str = ""
    hint: str = ""
    hint_en: str = ""
    need: Need = Need.OPTIONAL
    choices: str = ""


def every_form(session: Session) -> list[InfoForm]:
    """All forms, by system and category; the retired ones last."""
    wanted = (
        select(InfoForm)
        .join(System)
        .options(joinedload(InfoForm.system))
        .order_by(InfoForm.retired, System.group, System.id, InfoForm.category, InfoForm.module, InfoForm.sub)
    )
    return list(session.scalars(wanted))


def form_with(session: Session, scope: Scope) -> InfoForm | None:
    """The form of exactly this scope."""
    return session.scalar(
        select(InfoForm).where(
            InfoForm.system_id == scope.system.id,
            InfoForm.category == scope.category,
            InfoForm.module == scope.module,
            InfoForm.sub == scope.sub,
        )
    )


def start(session: Session, scope: Scope, *, by: Person, like: InfoForm | None = None) -> InfoForm:
    """A new form, empty or with the fields of another; it asks nobody before it is published."""
    _check(by)
    if scope.module and scope.module not in {row.code for row in scope.system.modules}:
        raise Refused(N_("这个系统没有这样的模块，请重新选择。"))
    if scope.sub and scope.sub not in SUB_LABELS[scope.category]:
        raise Refused(N_("请求的细类和类别对不上，请重新选择。"))
    if form_with(session, scope) is not None:
        raise Refused(N_("这里已经有一张信息表了，请直接修改它。"))
    draft = _copied(like) if like is not None else []
    form = InfoForm(
        system=scope.system,
        category=scope.category,
        module=scope.module,
        sub=scope.sub,
        draft=draft,
        changed=bool(draft),
    )
    session.add(form)
    session.flush()
    _record(session, "create", form, by, fields=len(draft))
    return form


def _copied(like: InfoForm) -> list[dict[str, object]]:
    return [{**row, "key": f"f{number}"} for number, row in enumerate(like.draft, start=1)]


def put_field(session: Session, form: InfoForm, text: FieldText, *, by: Person, key: str = "") -> Field:
    """Add a field at the end of the draft, or change the one with this key."""
    fields = _begin(form, by)
    if not key and len(fields) >= MOST_FIELDS:
        raise Refused(N_("一张信息表最多 %(most)s 项，问得太多用户就不愿填了。"), most=MOST_FIELDS)
    former = _named(fields, key) if key else None
    field = _field(text, key or _next_key(form))
    others = [row for row in fields if row.key != field.key]
    if any(row.name == field.name for row in others):
        raise Refused(N_("已经有一项叫“%(name)s”了。"), name=field.name)
    kept = [field if row is former else row for row in fields] if former else [*fields, field]
    _keep(session, form, kept)
    _record(session, "change", form, by, field=field.name, before=former.name if former else None)
    return field


def move_field(session: Session, form: InfoForm, key: str, *, steps: int, by: Person) -> None:
    """Move a field up (negative) or down; at the ends it stays."""
    fields = _begin(form, by)
    field = _named(fields, key)
    place = min(max(0, fields.index(field) + steps), len(fields) - 1)
    rest = [row for row in fields if row is not field]
    _keep(session, form, [*rest[:place], field, *rest[place:]])
    _record(session, "order", form, by, field=field.name, place=place + 1)


def order_fields(session: Session, form: InfoForm, keys: Sequence[str], *, by: Person) -> None:
    """Put the fields in this order; those not named stay behind, in the order they had."""
    fields = _begin(form, by)
    places = {key: place for place, key in enumerate(keys)}
    ordered = sorted(fields, key=lambda row: places.get(row.key, len(places)))
    _keep(session, form, ordered)
    _record(session, "order", form, by, fields=[row.name for row in ordered])


def drop_field(session: Session, form: InfoForm, key: str, *, by: Person) -> Field:
    """Take a field out of the draft; answers given to it stay on their tickets."""
    fields = _begin(form, by)
    field = _named(fields, key)
    _keep(session, form, [row for row in fields if row is not field])
    _record(session, "remove", form, by, field=field.name)
    return field


def publish(session: Session, form: InfoForm, *, by: Person) -> FormVersion:
    """From now on new tickets are asked this; those already filed keep what they were asked."""
    _check(by)
    if not form.draft:
        raise Refused(N_("信息表还是空的，请先添加要收集的信息。"))
    if form.current is not None and not form.changed:
        raise Refused(N_("和已发布的版本一样，不用再发布。"))
    version = FormVersion(
        form=form,
        number=form.current.number + 1 if form.current else 1,
        at=now(session),
        by_id=by.id,
        fields=list(form.draft),
    )
    form.changed, form.retired = False, False
    session.add(version)
    session.flush()
    _record(session, "publish", form, by, version=version.number, fields=len(version.fields))
    return version


def discard(session: Session, form: InfoForm, *, by: Person) -> None:
    """Throw the draft away and go back to what is published."""
    _check(by)
    if form.current is None:
        raise Refused(N_("还没有发布过，没有可以退回的版本。"))
    form.draft, form.changed = list(form.current.fields), False
    session.flush()
    _record(session, "discard", form, by, version=form.current.number)


def set_retired(session: Session, form: InfoForm, retired: bool, *, by: Person) -> None:
    """Ask nobody any more, or ask again; answers stay on their tickets."""
    _check(by)
    form.retired = retired
    session.flush()
    _record(session, "deactivate" if retired else "reactivate", form, by)


def draft_of(form: InfoForm) -> tuple[Field, ...]:
    """The fields as administrators are writing them."""
    return unpacked(form.draft)


# ── shared by the verbs ──────────────────────────────────────────────────────────────────────────


def _begin(form: InfoForm, by: Person) -> list[Field]:
    _check(by)
    return list(unpacked(form.draft))


def _keep(session: Session, form: InfoForm, fields: list[Field]) -> None:
    form.draft = packed(fields)
    form.changed = form.current is None or form.draft != form.current.fields
    session.flush()


def _named(fields: Sequence[Field], key: str) -> Field:
    found = next((row for row in fields if row.key == key), None)
    if found is None:
        raise Refused(N_("这一项刚被同事移走了，请看最新的信息表。"))
    return found


def _next_key(form: InfoForm) -> str:
    held = [*form.draft, *(row for version in form.versions for row in version.fields)]
    numbers = [int(found[1]) for row in held if (found := KEY.fullmatch(str(row["key"])))]
    return f"f{max(numbers, default=0) + 1}"


def _field(text: FieldText, key: str) -> Field:
    name = " ".join(text.name.split())
    if not 0 < len(name) <= LONGEST_NAME or len(text.name_en) > LONGEST_NAME:
        raise Refused(N_("请写明要收集什么，不超过 %(limit)s 个字。"), limit=LONGEST_NAME)
    if max(len(text.hint), len(text.hint_en)) > LONGEST_HINT:
        raise Refused(N_("说明太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST_HINT)
    field = Field(
        key=key,
        kind=text.kind,
        name=name,
        name_en=" ".join(text.name_en.split()),
        hint=text.hint.strip(),
        hint_en=text.hint_en.strip(),
        need=text.need,
    )
    return replace(field, choices=_choices(text.choices)) if text.kind == Kind.CHOICE else field


def _choices(text: str) -> tuple[Choice, ...]:
    lines = [line.partition("|") for line in text.splitlines() if line.strip()]
    choices = [Choice(" ".join(name.split()), " ".join(english.split())) for name, _bar, english in lines]
    names = [row.name for row in choices]
    if not 2 <= len(choices) <= MOST_CHOICES or not all(names) or len(set(names)) < len(names):
        raise Refused(N_("请写 2 到 %(most)s 个不同的选项，一行一个。"), most=MOST_CHOICES)
    if any(len(row.name) > LONGEST_NAME or len(row.name_en) > LONGEST_NAME for row in choices):
        raise Refused(N_("选项太长，请控制在 %(limit)s 个字以内。"), limit=LONGEST_NAME)
    return tuple(choices)


def _record(session: Session, action: str, form: InfoForm, by: Person, **detail: object) -> None:
    record(session, action, SUBJECT, subject_id=subject_of(form), by=by, **detail)


def subject_of(form: InfoForm) -> str:
    """What the audit calls this form."""
    parts = (form.system.code, form.category, form.module, form.sub)
    return "/".join(part for part in parts if part)[:LONGEST_SUBJECT]


def _check(by: Person) -> None:
    if not by.may(Permission.MANAGE_CATALOGUE):
        raise Refused(N_("只有系统管理员可以管理信息表。"))
