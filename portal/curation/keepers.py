"""Who looks after an article, and telling them: its owner, or the editors where nobody does.

The deeds are ``kb.care``'s. The invariant: an article is entrusted only to somebody who may change it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb import care
from kb.care import Hand
from kb.flow import READABLE, Refused
from kb.models import Article
from portal.people.duties import article_duties
from portal.people.models import Person, PersonPost
from portal.people.queries import holders_of, people_by_id
from portal.people.roles import Permission, Post, posts_with
from portal.tickets.notices import Event, tell


def hand_of(person: Person, article: Article | None = None) -> Hand:
    return Hand(person.id, article_duties(person, article))


def may_own() -> ColumnElement[bool]:
    """SQL over people: those who are there and may change articles."""
    writers = select(PersonPost.person_id).where(PersonPost.post.in_(posts_with(Permission.WRITE_ARTICLES)))
    return Person.active & Person.id.in_(writers)


def owners_offered(session: Session) -> list[Person]:
    return list(session.scalars(select(Person).where(may_own()).order_by(Person.name, Person.id)))


def ownerless() -> ColumnElement[bool]:
    """SQL over articles: nobody looks after it, or somebody who has left or may no longer."""
    return or_(Article.owner_id.is_(None), Article.owner_id.not_in(select(Person.id).where(may_own())))


def entrust(session: Session, article: Article, owner: Person, *, by: Person) -> None:
    """Give an article another owner, and tell them."""
    if not (owner.active and owner.may(Permission.WRITE_ARTICLES)):
        raise Refused(N_("负责人须是在岗、能写知识的同事。"))
    if article.owner_id == owner.id:
        return
    former = people_by_id(session, [article.owner_id]).get(article.owner_id or 0)
    note = f"{former.name if former else '—'} → {owner.name}"
    care.entrust(session, article, owner.id, hand=hand_of(by, article), note=note)
    values = {"by": by.name, "article": article.number, "title": article.title}
    tell(session, Event.ARTICLE_ENTRUSTED, to=[owner.id], values=values, by=by)


def tell_keepers(session: Session, event: Event, articles: Sequence[Article]) -> None:
    """Tell whoever looks after each of these; ``values`` hold the day on which it ends, where it does."""
    owners = people_by_id(session, [row.owner_id for row in articles])
    editors: list[int] | None = None
    for article in articles:
        owner = owners.get(article.owner_id or 0)
        if owner is not None and owner.active:
            to: Iterable[int] = [owner.id]
        else:
            editors = editors if editors is not None else [row.id for row in holders_of(session, Post.EDITOR)]
            to = editors
        tell(session, event, to=to, values=_values(article))


def _values(article: Article) -> dict[str, str]:
    day = _written(article.expires_on) if article.expires_on else ""
    return {"article": article.number, "title": article.title, "day": day}


def _written(day: date) -> str:
    return f"{day:%Y-%m-%d}"


def readable_among(session: Session, numbers: Collection[str]) -> list[Article]:
    """These articles, in the order of their numbers, as far as readers can find them."""
    wanted = select(Article).where(Article.number.in_(numbers), Article.state.in_(READABLE))
    return list(session.scalars(wanted.order_by(Article.number)))
