"""How articles stand: their scores and use, links that lead nowhere, dead ends, whose work is built on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy import Float, Select, String, cast, func, select
from sqlalchemy.orm import contains_eager
from werkzeug.wrappers import Response

from kb.columns import now
from kb.flow import READABLE, Confidence
from kb.links.models import ArticleLink, LinkKind
from kb.links.reading import lost
from kb.models import Article
from portal.curation import keepers, rounds
from portal.curation.quality.checks import BY_KEY
from portal.curation.quality.models import ArticleStanding
from portal.curation.quality.reuse import reuse
from portal.curation.quality.standing import COUNTED, FEW, PROVED, rated
from portal.people import audit
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.care_rooms import (
    LOOKERS,
    WORKERS,
    asked_system,
    blueprint,
    may_see,
    mine_to_see,
    shared,
    turned,
)
from portal.web.labels import label, named
from portal.web.request import db, me, parts, write_now
from portal.web.taken_away import table

__all__ = ["blueprint"]

LENGTHS = (30, 90, 180, 365)
USUAL_DAYS = 90
MOST_ROWS = 20_000
#: How the list of scores may be put in order.
ORDERS = {
    "score": (ArticleStanding.score, Article.id),
    "used": ((ArticleStanding.solved + ArticleStanding.answered).desc(), Article.id),
    "unused": (ArticleStanding.solved + ArticleStanding.answered + ArticleStanding.opened, Article.id),
}


# ── scores ───────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge/quality")
@needs(*LOOKERS)
def quality() -> str:
    rows, cursor = turned(_standings())
    standings = db().scalars(rows).unique().all()
    return render_template(
        "care/quality.html",
        here="care.quality",
        standings=standings,
        cursor=cursor,
        checks=BY_KEY,
        lacking=_lacking(),
        order=_order(),
        held=_held(),
        proved=PROVED,
        owners=keepers.owners_offered(db()),
        may_arrange=me().may(Permission.PUBLISH_ARTICLES),
        owner=request.args.get("owner", ""),
        people=people_by_id(db(), [row.article.owner_id for row in standings]),
        rated=rated,
        few=FEW,
        days=COUNTED.days,
        looked_at=rounds.done_at(db(), rounds.STANDING),
        may_export=me().may(Permission.EXPORT) or me().may(Permission.PUBLISH_ARTICLES),
        **shared(),
    )


def _standings() -> Select[ArticleStanding]:
    rows = (
        select(ArticleStanding)
        .join(Article, Article.id == ArticleStanding.article_id)
        .options(contains_eager(ArticleStanding.article))
        .where(Article.state.in_(READABLE), mine_to_see())
    )
    rows = rows.where(Article.system == asked_system()) if asked_system() else rows
    if (check := _lacking()) and check != "owner":
        rows = rows.where(cast(ArticleStanding.missing, String).contains(f'"{check}"'))
    if _held():
        rows = rows.where(Article.confidence == Confidence.UNVERIFIED)
        rows = rows.where(ArticleStanding.proved >= PROVED) if _held() == "proposed" else rows
    if check == "owner" or request.args.get("owner") == "nobody":
        rows = rows.where(keepers.ownerless())
    return rows.order_by(*ORDERS[_order()])


def _held() -> str:
    """Only unverified ones, or only those of them whose use speaks for verifying them."""
    held = request.args.get("held", "")
    return held if held in ("unverified", "proposed") else ""


def _order() -> str:
    order = request.args.get("order", "score")
    return order if order in ORDERS else "score"


def _lacking() -> str:
    check = request.args.get("lacks", "")
    return check if check in BY_KEY else ""


@blueprint.get("/knowledge/quality.csv")
@needs(Permission.PUBLISH_ARTICLES, Permission.READ_ARTICLE_QUALITY)
def export() -> Response:
    """The same list as a file; texts that a spreadsheet would calculate are kept as texts."""
    columns = _columns()
    file = table("csv", list(columns.values()), _rows(columns))
    audit.record(write_now(), "export", "articles", subject_id="quality", by=me(), articles=file.count)
    return file.called(f"articles-{now(db()).astimezone(parts().settings.zone):%Y%m%d-%H%M}.csv")


def _columns() -> dict[str, str]:
    return {
        "number": _("编号"),
        "title": _("标题"),
        "state": _("状态"),
        "system": _("系统"),
        "owner": _("负责人"),
        "score": _("质量分"),
        "missing": _("可改进"),
        "opened": _("打开次数"),
        "filed": _("看完还提单"),
        "answered": _("用于答复"),
        "solved": _("解决了"),
        "failed": _("没解决"),
        "low": _("解决率区间下限"),
        "high": _("解决率区间上限"),
    }


def _rows(columns: dict[str, str]) -> Iterator[dict[str, Any]]:
    found = db().scalars(_standings().limit(MOST_ROWS)).unique().all()
    people = people_by_id(db(), [row.article.owner_id for row in found])
    for row in found:
        article, share = row.article, rated(row.solved, row.solved + row.failed)
        owner = people.get(article.owner_id or 0)
        values = {
            "number": article.number,
            "title": article.title,
            "state": label(article.state),
            "system": article.system or "",
            "owner": named(owner) if owner is not None else "",
            "score": row.score,
            "missing": _("、").join(_(BY_KEY[key].label) for key in row.missing if key in BY_KEY),
            "opened": row.opened,
            "filed": row.filed,
            "answered": row.answered,
            "solved": row.solved,
            "failed": row.failed,
            "low": round(share.low, 3) if share else "",
            "high": round(share.high, 3) if share else "",
        }
        yield {columns[key]: value for key, value in values.items()}


# ── links ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge/links")
@needs(*WORKERS)
def links() -> str:
    """Links of readable articles that readers can't follow; addresses outside are listed, never asked for."""
    outside = request.args.get("show") == "outside"
    wanted = _outside() if outside else _lost()
    rows, cursor = turned(wanted)
    return render_template(
        "care/links.html",
        here="care.links",
        rows=db().execute(rows).unique().all(),
        cursor=cursor,
        outside=outside,
        **shared(),
    )


def _lost() -> Select[ArticleLink, Article, Article | None]:
    rows = lost()
    return rows.where(Article.system == asked_system()) if asked_system() else rows


def _outside() -> Select[ArticleLink, Article]:
    rows = (
        select(ArticleLink, Article)
        .join(Article, Article.id == ArticleLink.article_id)
        .where(ArticleLink.kind == LinkKind.ADDRESS, Article.state.in_(READABLE))
        .order_by(ArticleLink.target, ArticleLink.id)
    )
    return rows.where(Article.system == asked_system()) if asked_system() else rows


# ── dead ends ────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge/dead-ends")
@needs(*LOOKERS)
def dead_ends() -> str:
    """Articles after which surely more people file a ticket than is usual, the surest first."""
    all_of_them = func.nullif(func.sum(ArticleStanding.opened), 0)
    usual = select(cast(func.sum(ArticleStanding.filed), Float) / all_of_them).scalar_subquery()
    wanted = (
        select(ArticleStanding)
        .join(Article, Article.id == ArticleStanding.article_id)
        .options(contains_eager(ArticleStanding.article))
        .where(ArticleStanding.stuck > func.coalesce(usual, 1.0), Article.state.in_(READABLE), mine_to_see())
        .order_by(ArticleStanding.stuck.desc(), ArticleStanding.filed.desc(), Article.id)
    )
    wanted = wanted.where(Article.system == asked_system()) if asked_system() else wanted
    rows, cursor = turned(wanted)
    standings = db().scalars(rows).unique().all()
    return render_template(
        "care/dead_ends.html",
        here="care.dead_ends",
        standings=standings,
        cursor=cursor,
        rated=rated,
        few=FEW,
        days=COUNTED.days,
        worker=me().may(Permission.WRITE_ARTICLES),
        **shared(),
    )


# ── whose work is built on ───────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge/authors")
@needs(*LOOKERS)
def authors() -> str:
    """Reuse by author: all of them for editors and managers, their own line for everybody else who writes."""
    asked = request.args.get("days", "")
    days = int(asked) if asked in {str(one) for one in LENGTHS} else USUAL_DAYS
    all_of_them = me().may(Permission.READ_ARTICLE_QUALITY)
    lines = reuse(db(), since=now(db()) - timedelta(days=days), only=None if all_of_them else me())
    return render_template(
        "care/authors.html",
        here="care.authors",
        lines=lines,
        all_of_them=all_of_them,
        days=days,
        lengths=LENGTHS,
        may_see=may_see,
        few=FEW,
    )
