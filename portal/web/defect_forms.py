"""The form of a defect record: its fields, what they offer, and back to the library's words.

Not here: routes. The invariant: an owner is somebody who holds the post, or nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from defects.models import SEVERITY_LABELS, TYPE_LABELS, Defect, DefectType
from defects.texts import TEXT_LIMIT, TITLE_LIMIT, VERSION_LIMIT, DefectText, text_of
from portal.catalogue.models import System
from portal.people.models import Person
from portal.people.queries import holders_of
from portal.people.roles import Post
from portal.web.forms import Form
from portal.web.labels import named
from portal.web.request import db

NOBODY = 0
LONG = Length(max=TEXT_LIMIT, message=_l("内容太长，请精简或放进附件。"))


class DefectForm(Form):
    """Every field of a record; lists are written one per line, versions and codes also with commas."""

    title = StringField(
        _l("标题"), validators=[InputRequired(_l("请填写缺陷标题。")), Length(max=TITLE_LIMIT)]
    )
    system = SelectField(_l("系统"), validators=[InputRequired(_l("请选择缺陷所在的系统。"))])
    module = SelectField(_l("模块"), validate_choice=False)
    type = SelectField(_l("类型"))
    severity = SelectField(_l("严重程度"), coerce=int)
    key = BooleanField(_l("重点问题"))
    due_on = DateField(_l("整改期限"), validators=[Optional()])
    symptoms = TextAreaField(_l("现象（用户怎么说，一行一句）"), validators=[LONG])
    codes = StringField(_l("错误代码"), validators=[Length(max=1000)])
    affected = StringField(_l("受影响的版本"), validators=[Length(max=1000)])
    fixed_in = StringField(_l("修复版本"), validators=[Length(max=VERSION_LIMIT)])
    workaround = TextAreaField(_l("规避方案"), validators=[LONG])
    reproduce = TextAreaField(_l("怎样重现"), validators=[LONG])
    cause = TextAreaField(_l("根因"), validators=[LONG])
    fix = TextAreaField(_l("永久修复"), validators=[LONG])
    data_fix = TextAreaField(_l("数据怎样补救"), validators=[LONG])
    shown_to_users = BooleanField(_l("让用户看到现象和规避方案"))
    owner_middle_id = SelectField(_l("中台负责人"), coerce=int, validate_choice=False)
    owner_back_id = SelectField(_l("后台负责人"), coerce=int, validate_choice=False)
    reason = StringField(_l("改动说明"), validators=[Length(max=500)])
    seen = HiddenField()
    ticket = HiddenField()

    def offer(self, systems: Iterable[System]) -> DefectForm:
        """Fill the choices; people responsible for the system come first."""
        self.system.choices = [("", _("请选择"))] + [
            (row.code, named(row)) for row in systems if row.active or row.code == self.system.data
        ]
        self.type.choices = [(kind.value, _(TYPE_LABELS[kind])) for kind in DefectType]
        self.severity.choices = [(level, _(name)) for level, name in SEVERITY_LABELS.items()]
        self.owner_middle_id.choices = list(_people(Post.EXPERT, self.system.data))
        self.owner_back_id.choices = list(_people(Post.ENGINEER, self.system.data))
        return self

    def text(self) -> DefectText:
        """What was typed, as the library takes it."""
        return DefectText(
            title=self.title.data or "",
            system=self.system.data or "",
            module=self.module.data or None,
            type=DefectType(self.type.data),
            severity=self.severity.data,
            key=bool(self.key.data),
            due_on=self.due_on.data,
            symptoms=lines_of(self.symptoms.data),
            codes=words_of(self.codes.data),
            affected=words_of(self.affected.data),
            fixed_in=self.fixed_in.data or None,
            shown_to_users=bool(self.shown_to_users.data),
            owner_middle_id=_holder(Post.EXPERT, self.owner_middle_id.data),
            owner_back_id=_holder(Post.ENGINEER, self.owner_back_id.data),
            **{
                name: self[name].data or ""
                for name in ("workaround", "reproduce", "cause", "fix", "data_fix")
            },
        )


def lines_of(text: str | None) -> tuple[str, ...]:
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())


def words_of(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in re.split(r"[,，;；、\n]", text or "") if word.strip())


def _people(post: Post, system: str | None) -> Iterator[tuple[int, str]]:
    yield NOBODY, _("未指定")
    holders = holders_of(db(), post)
    for person in sorted(holders, key=lambda person: not _covers(person, post, system)):
        mark = " ★" if _covers(person, post, system) else ""
        yield person.id, f"{named(person)} · {named(person.unit)}{mark}"


def _covers(person: Person, post: Post, system: str | None) -> bool:
    return any(row.post == post and system in row.systems for row in person.posts)


def _holder(post: Post, number: int | None) -> int | None:
    """Somebody who holds the post; anybody else is nobody."""
    return number if number in {person.id for person in holders_of(db(), post)} else None


def differences(form: DefectForm, defect: Defect) -> list[tuple[str, str]]:
    """(label, what the record says now) of every field that differs from what was typed."""
    mine, now = form.text(), text_of(defect)
    names = [field.name for field in fields(DefectText)]
    return [
        (str(form[name].label.text), _spoken(form, name, getattr(now, name)))
        for name in names
        if _plain(getattr(mine, name)) != _plain(getattr(now, name))
    ]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else (value or "")


def _spoken(form: DefectForm, name: str, value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return "\n".join(value) or "—"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    choices = {choice[0]: choice[1] for choice in getattr(form[name], "choices", None) or ()}
    return str(choices.get(value, value or "—"))


def filled(text: DefectText) -> DefectForm:
    values: dict[str, Any] = {field.name: getattr(text, field.name) for field in fields(DefectText)}
    values["symptoms"] = "\n".join(text.symptoms)
    values["codes"], values["affected"] = ", ".join(text.codes), ", ".join(text.affected)
    values["type"] = text.type.value
    values["module"] = text.module or ""
    for name in ("owner_middle_id", "owner_back_id"):
        values[name] = values[name] or NOBODY
    return DefectForm(None, data=values)
