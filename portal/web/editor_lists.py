"""What the editors' lists show, and the steps open to whoever looks. No routes: those are ``knowledge``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import request

from kb import articles as verbs
from kb import editing, feedback
from kb.counting import count_of
from kb.flow import ArticleState, Step
from kb.models import Article, ArticleKind
from portal.people.duties import article_duties
from portal.people.queries import people_by_id
from portal.web.paging import pages
from portal.web.request import db, me, parts

PER_PAGE = 30


def articles_listed(shelf: editing.Shelf) -> dict[str, Any]:
    wanted = wanted_articles(request.args)
    rows = editing.articles_on(shelf, by=me().id, today=today(), wanted=wanted)
    cursor = pages(count_of(db(), rows), per_page=PER_PAGE)
    listed = db().scalars(rows.limit(cursor.per_page).offset(cursor.offset)).all()
    return {
        "rows": listed,
        "cursor": cursor,
        "wanted": wanted,
        "people": people_by_id(db(), [row.author_id for row in listed]),
        "states": ArticleState,
        "kinds": ArticleKind,
        "today": today(),
    }


def wanted_articles(given: Mapping[str, str]) -> editing.Wanted:
    """What the filters of an address or a form ask for."""
    state, kind = given.get("state", ""), given.get("kind", "")
    return editing.Wanted(
        text=given.get("q", "").strip()[:200],
        system=given.get("system", ""),
        state=ArticleState(state) if state in set(ArticleState) else None,
        kind=ArticleKind(kind) if kind in set(ArticleKind) else None,
    )


def feedback_waiting() -> dict[str, Any]:
    total = count_of(db(), feedback.waiting())
    cursor = pages(total, per_page=PER_PAGE)
    rows = db().execute(feedback.waiting().limit(cursor.per_page).offset(cursor.offset)).all()
    people = people_by_id(db(), [row[0].person_id for row in rows])
    return {"rows": rows, "cursor": cursor, "people": people}


def today() -> date:
    return datetime.now(parts().settings.zone).date()


def version_of(given: str | None) -> int | None:
    return int(given) if given and given.isdecimal() and len(given) < 10 else None


def steps_open(article: Article) -> tuple[Step, ...]:
    return verbs.steps_open(article, by=me().id, duties=article_duties(me(), article))
