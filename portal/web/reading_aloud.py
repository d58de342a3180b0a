"""One answer as an agent reads it to a caller: cards, words for a chat, and what may be done with it.

Searching and the rest of the call are ``calling``'s. The invariant: words that the caller may not read
are on the agent's screen alone; they are offered neither for copying nor for sending.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask import request, url_for
from flask_babel import gettext as _

from defects.models import Defect
from defects.queries import is_public, is_visible
from kb.audience import Audience
from kb.flow import is_revisable
from kb.models import Article
from kb.queries import is_readable
from kb.steps import Card, cards_of, for_chat
from portal.causes.alarms.told import Told, told_now
from portal.finder.sending.links import was_sent
from portal.people.duties import article_duties
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets.usage import answered_with
from portal.web.request import db, me, parts, viewer

READABLE = {"article": Article, "defect": Defect}
SYMPTOMS = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What is being read aloud; ``internal``: the caller may not read it themselves."""

    kind: str
    subject: Article | Defect
    internal: bool = False
    cards: tuple[Card, ...] = ()
    chat: str = ""
    """Ready to be pasted into a chat with the caller; empty when its words are not for them."""
    link: str = ""
    sent: bool = False
    used: int = 0
    may: frozenset[str] = field(default_factory=frozenset)
    """send, flag, edit"""
    told: Told | None = None
    """Of a repaired defect: is the repair where the caller is?"""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject.id}"


def subject_of(kind: str, number: int) -> Article | Defect | None:
    """An answer that I may read; None when there is no such thing for me."""
    model = READABLE.get(kind)
    subject = db().get(model, number) if model else None
    if isinstance(subject, Article):
        return subject if is_readable(subject, viewer()) else None
    if isinstance(subject, Defect):
        return subject if is_visible(subject, viewer()) else None
    return None


def reading_of(kind: str, number: int, caller: Person | None) -> Reading | None:
    """The answer with its steps, for this call."""
    subject = subject_of(kind, number)
    if isinstance(subject, Article):
        return _of_article(subject, caller)
    return _of_defect(subject, caller) if isinstance(subject, Defect) else None


def _of_article(article: Article, caller: Person | None) -> Reading:
    theirs = caller is not None and is_readable(article, viewer_of(caller))
    for_all = article.audience == Audience.EVERYONE and not article.units
    link = _absolute(url_for("reading.article", number=article.number))
    cards = cards_of(article.body)
    shareable = theirs if caller else for_all
    may = {
        "send": theirs and caller is not me(),
        "flag": me().may(Permission.FLAG_ARTICLES),
        "edit": is_revisable(article.state, article_duties(me())),
    }
    return Reading(
        "article",
        article,
        internal=caller is not None and not theirs,
        cards=cards,
        chat=for_chat(article.title, cards, link=link) if shareable else "",
        link=link,
        sent=theirs and caller is not None and was_sent(db(), article, to=caller),
        used=answered_with(db(), [article.id]).get(article.id, 0),
        may=frozenset(name for name, granted in may.items() if granted),
    )


def _of_defect(defect: Defect, caller: Person | None) -> Reading:
    cards = cards_of(_told(defect))
    workaround = cards_of(defect.workaround)
    return Reading(
        "defect",
        defect,
        internal=caller is not None and not is_visible(defect, viewer_of(caller)),
        cards=cards,
        chat=for_chat(defect.title, workaround) if is_public(defect) else "",
        told=told_now(db(), caller.unit, defect) if caller is not None else None,
    )


def _told(defect: Defect) -> str:
    """What a caller is told of a defect: what to do now, and what others see."""
    found: list[str] = []
    if defect.workaround:
        found += ["## " + _("现在可以这样做"), defect.workaround]
    if defect.symptoms:
        found += ["## " + _("用户会怎么说"), *_bullets(defect.symptoms[:SYMPTOMS])]
    if defect.fixed_in:
        found += ["", f"{_('修复版本')} {defect.fixed_in}"]
    return "\n".join(found)


def _bullets(lines: Sequence[str]) -> list[str]:
    return ["- " + " ".join(line.split()) for line in lines]


def _absolute(path: str) -> str:
    """An address that a caller can open from a chat."""
    return (parts().settings.base_url or request.url_root).rstrip("/") + path
