"""The rooms of looking after the knowledge base, as a table; and what all of them share.

Whoever works on articles sees every one of them; who only reads how they stand sees those that they may
read anyway.
"""

from __future__ import annotations

from typing import Any, TypeVar

from flask import Blueprint, request
from sqlalchemy import ColumnElement, Select, func, select, true

from indexer.words import N_
from kb.models import Article
from kb.queries import article_by_number, is_readable, readable_articles
from portal.catalogue.queries import systems_in_order
from portal.curation.decay import listing
from portal.people.duties import article_duties
from portal.people.roles import Permission
from portal.web.editor_lists import today
from portal.web.paging import Pages, pages
from portal.web.request import db, me, viewer
from portal.web.rooms import Room, open_rooms

blueprint = Blueprint("care", __name__)

WORKERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)
LOOKERS = (*WORKERS, Permission.READ_ARTICLE_QUALITY)
PER_PAGE = 30
Row = TypeVar("Row")


# fmt: off
ROOMS = (
    Room("care.recheck",   N_("待复核清单"), "clipboard-check"),
    Room("care.quality",   N_("质量"),       "checklist"),
    Room("care.pairs",     N_("重复知识"),   "copy"),
    Room("care.links",     N_("断链"),       "unlink"),
    Room("care.dead_ends", N_("看完还提单"), "road-off"),
    Room("care.authors",   N_("复用"),       "award"),
)
# fmt: on


@blueprint.app_template_global()
def care_rooms() -> list[Room]:
    return open_rooms(ROOMS)


@blueprint.app_template_global()
def recheck_count() -> int:
    """How many articles wait on the list; for the tab that leads there."""
    return listing.how_many(db(), listing.Asked(), today=today())


def mine_to_see() -> ColumnElement[bool]:
    """SQL over articles: those of which this person may be shown the title."""
    if article_duties(me()):
        return true()
    return Article.id.in_(readable_articles(viewer()).with_only_columns(Article.id))


def may_see(article: Article) -> bool:
    return bool(article_duties(me())) or is_readable(article, viewer())


def seen_article(number: str) -> Article | None:
    """The article of this number, for whoever may be shown it."""
    article = article_by_number(db(), number)
    return article if article is not None and may_see(article) else None


def turned(rows: Select[*tuple[Any, ...]]) -> tuple[Select[*tuple[Any, ...]], Pages]:
    """The page of a list that was asked for, and how many pages there are; two statements in all."""
    counted = rows.order_by(None).options().subquery()
    cursor = pages(db().scalar(select(func.count()).select_from(counted)) or 0, per_page=PER_PAGE)
    return rows.limit(cursor.per_page).offset(cursor.offset), cursor


def shared() -> dict[str, Any]:
    """What the filters of every room offer."""
    systems = systems_in_order(db(), active_only=False)
    return {"systems": {row.code: row for row in systems}, "system": asked_system(), "today": today()}


def asked_system() -> str:
    return request.args.get("system", "").strip()[:64].replace("\x00", "")
