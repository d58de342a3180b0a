"""The form of an article: its fields, what they offer, where a new one starts from.

Not here: routes. The invariant: an article's units and system are of the catalogue, or none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from defects.models import Defect
from kb.articles import BODY_LIMIT, TITLE_LIMIT, ArticleText
from kb.audience import AUDIENCE_LABELS, Audience
from kb.models import KIND_LABELS, Article, ArticleKind
from portal.catalogue.models import System
from portal.people.models import Unit
from portal.tickets.models import Ticket
from portal.tickets.words import CATEGORY_LABELS, Category
from portal.web.forms import Form
from portal.web.labels import named

LANGUAGES = {"zh": "中文", "en": "English"}
#: An article may be narrowed to these kinds of unit; a department reads what its bureau reads.
NARROWED_TO = ("company", "province", "bureau")


class ArticleForm(Form):
    """Everything an author decides, and why they changed it."""

    title = StringField(
        _l("标题"),
        validators=[
            InputRequired(_l("请填写标题，用户靠标题判断是不是自己的问题。")),
            Length(max=TITLE_LIMIT, message=_l("标题太长，请控制在 300 个字以内。")),
        ],
    )
    body = TextAreaField(
        _l("正文"),
        validators=[
            InputRequired(_l("请填写正文。")),
            Length(max=BODY_LIMIT, message=_l("正文太长，请拆成几篇。")),
        ],
    )
    kind = SelectField(_l("类型"))
    language = SelectField(_l("语言"))
    system = SelectField(_l("系统"))
    module = SelectField(_l("模块"), validate_choice=False)
    category = SelectField(_l("类别"))
    audience = SelectField(_l("给谁看"))
    units = SelectMultipleField(_l("只给这些单位看"), validate_choice=False)
    also = TextAreaField(_l("用户还会这样问（一行一句）"), validators=[Length(max=10_000)])
    keywords = StringField(_l("关键词"), validators=[Length(max=1000)])
    note = StringField(_l("这次改了什么"), validators=[Length(max=300)])
    seen = HiddenField()
    translation_of = HiddenField()
    follows = HiddenField()
    caught_up = BooleanField(_l("译文已经跟上左边的原文"), default=True)
    defect = HiddenField()
    handled = HiddenField()

    def offer(self, systems: Iterable[System], units: Iterable[Unit]) -> ArticleForm:
        none = ("", _("不限"))
        self.kind.choices = [(kind.value, _(KIND_LABELS[kind])) for kind in ArticleKind]
        self.language.choices = list(LANGUAGES.items())
        self.system.choices = [none] + [
            (row.code, named(row)) for row in systems if row.active or row.code == self.system.data
        ]
        self.category.choices = [none] + [(row.value, _(CATEGORY_LABELS[row])) for row in Category]
        self.audience.choices = [(row.value, _(AUDIENCE_LABELS[row])) for row in Audience]
        self.units.choices = [(unit.code, named(unit)) for unit in units if unit.kind in NARROWED_TO]
        return self

    def text(self) -> ArticleText:
        """What was typed, as the knowledge base takes it."""
        known = {choice[0] for choice in self.units.choices or ()}
        return ArticleText(
            title=self.title.data or "",
            body=self.body.data or "",
            kind=ArticleKind(self.kind.data),
            language=self.language.data or "zh",
            system=self.system.data or None,
            module=self.module.data or None,
            category=self.category.data or None,
            keywords=words_of(self.keywords.data),
            also=tuple((self.also.data or "").splitlines()),
            audience=Audience(self.audience.data),
            units=[unit for unit in self.units.data or () if unit in known],
        )


def words_of(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in re.split(r"[,，;；、\n]", text or "") if word.strip())


def filled(text: ArticleText, **hidden: str) -> ArticleForm:
    """The form showing ``text``."""
    values: dict[str, Any] = {
        "title": text.title,
        "body": text.body,
        "kind": text.kind.value,
        "language": text.language,
        "system": text.system or "",
        "module": text.module or "",
        "category": text.category or "",
        "audience": text.audience.value,
        "units": list(text.units),
        "also": "\n".join(text.also),
        "keywords": ", ".join(text.keywords),
        "caught_up": True,
        **hidden,
    }
    return ArticleForm(None, data=values)


# ── where a new article starts from ──────────────────────────────────────────────────────────────

EMPTY = ArticleText(title="", body="", kind=ArticleKind.HOWTO)


def from_ticket(ticket: Ticket) -> ArticleText:
    """A draft from a ticket: the question in the user's words, the answer they were given."""
    answer = ticket.outcome or ticket.work_note
    return replace(
        EMPTY,
        kind=ArticleKind.FAQ,
        title=ticket.title,
        body=f"{answer}\n" if answer else "1. ",
        system=ticket.system.code,
        module=ticket.module,
        category=ticket.category.value,
        also=(" ".join(ticket.text.split())[:200],),
    )


def from_defect(defect: Defect) -> ArticleText:
    """A known-error article: what users see and do; never the root cause."""
    symptoms = "\n".join(f"- {line}" for line in defect.symptoms)
    body = f"## {_('现象')}\n\n{symptoms}\n\n## {_('现在可以这样做')}\n\n{defect.workaround or '1. '}\n"
    return replace(
        EMPTY,
        kind=ArticleKind.KNOWN_ERROR,
        title=defect.title,
        body=body,
        system=defect.system,
        module=defect.module,
        category=Category.DEFECT.value,
        keywords=tuple(defect.codes),
        also=tuple(defect.symptoms),
    )


def from_original(article: Article) -> ArticleText:
    """A translation starts from the original's own words."""
    return ArticleText(
        title=article.title,
        body=article.body,
        kind=article.kind,
        language="en" if article.language == "zh" else "zh",
        system=article.system,
        module=article.module,
        category=article.category,
        keywords=tuple(article.keywords),
        audience=article.audience,
        units=article.units,
    )
