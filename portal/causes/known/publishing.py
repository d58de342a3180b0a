"""One click from a record to its known-error article, and another one that brings it in step again.

The words are the record's, so its writer is the article's author; whoever publishes is the other pair of
eyes. The steps are those of ``kb.flow`` and no others. The invariant: a record has one known-error article at
a time that is not off line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library
from defects.changes import changes_of
from defects.flow import KNOWN, STATE_LABELS
from defects.models import Defect, DefectArticle
from indexer.words import N_
from kb import articles
from kb.articles import ArticleText, steps_open, text_of
from kb.columns import now
from kb.flow import ArticleAction, ArticleState, Duty, Refused, is_revisable
from kb.models import Article, ArticleKind
from kb.proposals.wording import propose
from portal.causes.known.models import KnownArticle
from portal.causes.known.wording import article_text, brought_in_step, part_of
from portal.people.duties import article_duties
from portal.people.models import Person
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.tickets.models import DefectLink, LinkVerdict, Ticket

#: Requesters whose names may stand in what was taken over from their tickets.
MOST_NAMES = 500
LOOKED_BACK = 50


@dataclass(frozen=True, slots=True)
class Told:
    """What became of the article: readers see it, or a colleague decides first."""

    article: Article
    published: bool


def publish(session: Session, defect: Defect, *, by: Person) -> Told:
    """Write the known-error article of a record and take it as far as this person may."""
    defect = _held(session, defect)
    check(session, defect, by=by)
    article = articles.write(session, wanted_text(session, defect), by=_author(session, defect, by))
    article.owner_id = _owner(session, defect, article)
    library.tie(session, defect, article)
    session.add(KnownArticle(article_id=article.id, defect_id=defect.id, at=now(session)))
    _remember(session, defect, article, by=by)
    articles.move(session, article, ArticleAction.SUBMIT, by=by.id, duties=article_duties(by, article))
    if _may_publish(article, by):
        articles.move(session, article, ArticleAction.PUBLISH, by=by.id, duties=article_duties(by, article))
    return Told(article, article.state == ArticleState.PUBLISHED)


def publishes(session: Session, defect: Defect, by: Person) -> bool:
    """Would readers see it at once? The record's own writers need a second pair of eyes."""
    return Duty.PUBLISH in article_duties(by) and _author(session, defect, by) != by.id


def check(session: Session, defect: Defect, *, by: Person) -> None:
    """Raise :class:`Refused` when this record can't be told to users now, or not by this person."""
    if Duty.WRITE not in article_duties(by):
        raise Refused(N_("您的岗位不能写知识，请交给专家或知识编辑。"))
    if defect.state not in KNOWN:
        raise Refused(
            N_("缺陷现在是“%(state)s”，确认以后、关闭以前才发布成知识。"), state=STATE_LABELS[defect.state]
        )
    if not defect.workaround.strip():
        raise Refused(N_("还没有规避方案。请先写上用户现在可以怎样做，再发布成知识。"))
    if told := told_by(session, defect):
        raise Refused(N_("%(number)s 已经在讲这条缺陷，请打开对照后更新它。"), number=told[0].number)


def renew(session: Session, defect: Defect, article: Article, *, by: Person, seen: int | None = None) -> bool:
    """Bring an article in step with its record; False: an editor was asked to, since readers see it."""
    defect = _held(session, defect)
    if article not in told_by(session, defect):
        raise Refused(N_("这篇知识没有在讲这条缺陷，或者已经下线。"))
    if not defect.workaround.strip():
        raise Refused(N_("还没有规避方案。请先写上用户现在可以怎样做，再发布成知识。"))
    duties = article_duties(by, article)
    text = renewed_text(session, defect, article)
    if not is_revisable(article.state, duties) and Duty.WRITE in duties:
        _ask_editors(session, defect, article, text, by=by)
        return False
    note = N_("按缺陷 %(number)s 更新") % {"number": defect.number}
    articles.revise(session, article, text, by=by.id, note=note, seen=seen, duties=duties)
    _remember(session, defect, article, by=by)
    return True


def wanted_text(session: Session, defect: Defect) -> ArticleText:
    """What an article of this record says today."""
    return article_text(defect, names=_concerned(session, defect))


def renewed_text(session: Session, defect: Defect, article: Article) -> ArticleText:
    """The article with what the record says today, as far as it was written from there."""
    return brought_in_step(text_of(article), wanted_text(session, defect))


def told_by(session: Session, defect: Defect) -> list[Article]:
    """Known-error articles that tell of this record and are not off line, the oldest first."""
    wanted = (
        select(Article)
        .join(DefectArticle, DefectArticle.article_id == Article.id)
        .where(DefectArticle.defect_id == defect.id, Article.kind == ArticleKind.KNOWN_ERROR)
        .where(Article.state != ArticleState.RETIRED, Article.translation_of_id.is_(None))
    )
    return list(session.scalars(wanted.order_by(Article.id)))


def said_of(defect: Defect) -> dict[str, Any]:
    """What of a record an article must follow; symptoms grow with every ticket and are none of it."""
    return {
        "workaround": defect.workaround.strip(),
        "codes": list(defect.codes),
        "shown": defect.shown_to_users,
        "system": defect.system,
        "module": defect.module,
    }


def is_behind(defect: Defect, article: Article, known: KnownArticle | None, part: str) -> bool:
    """Does the record say something else since? ``part`` is what it tells users to do today."""
    if known is None or not known.said:
        return False
    changed = {name for name, value in said_of(defect).items() if known.said.get(name) != value}
    return part_of(article.body) != part if changed == {"workaround"} else bool(changed)


def _held(session: Session, defect: Defect) -> Defect:
    """The record, locked: two people who press at once write one article."""
    return session.get_one(Defect, defect.id, with_for_update=True)


def _remember(session: Session, defect: Defect, article: Article, *, by: Person) -> None:
    known = session.get(KnownArticle, article.id) or KnownArticle(article_id=article.id)
    known.defect_id, known.said, known.at, known.by_id = defect.id, said_of(defect), now(session), by.id
    session.add(known)
    session.flush()


def _ask_editors(
    session: Session, defect: Defect, article: Article, text: ArticleText, *, by: Person
) -> None:
    words = N_("缺陷 %(number)s 的规避方案改了，请更新。") % {"number": defect.number}
    former, wording = part_of(article.body), part_of(text.body)
    passage = former if article.body.count(former) == 1 else ""
    propose(session, article, by=by.id, words=words, passage=passage, wording=wording if passage else "")


def _may_publish(article: Article, by: Person) -> bool:
    open_now = steps_open(article, by=by.id, duties=article_duties(by, article))
    return any(row.action == ArticleAction.PUBLISH for row in open_now)


def _author(session: Session, defect: Defect, by: Person) -> int:
    """Whose words they are: the record's last writer's; one's own where one has written any of it."""
    changes = session.scalars(changes_of(defect).limit(LOOKED_BACK)).all()
    writers = [row.by_id for row in changes if row.by_id is not None]
    if by.id in (defect.created_by, *writers):
        return by.id
    known = people_by_id(session, [*writers, defect.created_by])
    return next((number for number in (*writers, defect.created_by) if number in known), by.id)


def _owner(session: Session, defect: Defect, article: Article) -> int:
    expert = people_by_id(session, [defect.owner_middle_id]).get(defect.owner_middle_id or 0)
    fits = expert is not None and expert.active and expert.may(Permission.WRITE_ARTICLES)
    return expert.id if expert is not None and fits else article.author_id


def _concerned(session: Session, defect: Defect) -> list[str]:
    """Names of those whose tickets taught the record its words."""
    linked = (
        select(Person.name)
        .join(Ticket, Ticket.requester_id == Person.id)
        .join(DefectLink, DefectLink.ticket_id == Ticket.id)
        .where(DefectLink.defect_id == defect.id, DefectLink.verdict == LinkVerdict.LINKED)
    )
    return list(session.scalars(linked.distinct().limit(MOST_NAMES)))
