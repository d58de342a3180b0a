"""Articles: list, read, write, revise, move."""

from __future__ import annotations

from typing import Any

from flask import Response, abort
from flask.views import MethodView
from sqlalchemy import Select, select

from kb import articles
from kb.models import Article
from kb.queries import article_by_number, is_readable, readable_articles
from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.paging import page_of
from portal.catalogue.queries import today
from portal.curation.decay import listing
from portal.curation.quality import standing
from portal.curation.quality.checks import BY_KEY
from portal.people.duties import article_duties
from portal.people.roles import Permission
from portal.web.access import needs, signed_in
from portal.web.feeds import atom
from portal.web.labels import label
from portal.web.request import db, me, viewer

blueprint = Blueprint("api_articles", __name__, description="The knowledge base")
blueprint.before_request(callers.check_call)
WRITERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)


def seen(ref: str) -> Article:
    """The article, when the caller may read it or works on the shelf; 404 otherwise."""
    article = article_by_number(db(), ref)
    if article is None or not (is_readable(article, viewer()) or article_duties(me())):
        abort(404)
    return article


def _shelf() -> Select[Any]:
    return select(Article) if article_duties(me()) else readable_articles(viewer())


@blueprint.route("/articles")
class Articles(MethodView):
    @signed_in
    @blueprint.arguments(schemas.ArticlesIn, location="query")
    @blueprint.response(200, schemas.listed(schemas.ArticleOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Articles the caller may read, newest first."""
        wanted = _shelf()
        for name in ("system", "kind", "state", "language"):
            if asked[name]:
                wanted = wanted.where(getattr(Article, name) == asked[name])
        return page_of(db(), wanted, Article, limit=asked["limit"], cursor=asked["cursor"])

    @needs(Permission.WRITE_ARTICLES)
    @blueprint.arguments(schemas.ArticleIn)
    @blueprint.response(201, schemas.ArticleOut)
    def post(self, given: dict[str, Any]) -> Article:
        """Start an article as a draft."""
        return articles.write(db(), articles.ArticleText(**given), by=me().id)


@blueprint.route("/articles/feed")
class Feed(MethodView):
    @signed_in
    def get(self) -> Response:
        """New and changed articles that the caller may read, as Atom; `system` narrows them."""
        return atom()


@blueprint.route("/articles/<string:ref>")
class OneArticle(MethodView):
    @signed_in
    @blueprint.response(200, schemas.ArticleOut)
    def get(self, ref: str) -> Article:
        """One article."""
        return seen(ref)

    @needs(Permission.WRITE_ARTICLES)
    @blueprint.arguments(schemas.ArticleChangeIn)
    @blueprint.response(200, schemas.ArticleOut)
    def put(self, given: dict[str, Any], ref: str) -> Article:
        """Change an article's words; the former ones stay as a revision."""
        note, version = given.pop("note"), given.pop("version")
        text, article = articles.ArticleText(**given), seen(ref)
        duties = article_duties(me(), article)
        return articles.revise(db(), article, text, by=me().id, note=note, seen=version, duties=duties)


@blueprint.route("/articles/<string:ref>/revisions")
class Revisions(MethodView):
    @needs(*WRITERS)
    @blueprint.response(200, schemas.RevisionOut(many=True))
    def get(self, ref: str) -> list[Any]:
        """Everything the article ever said."""
        return list(seen(ref).revisions)


@blueprint.route("/articles/<string:ref>/moves")
class Moves(MethodView):
    @needs(*WRITERS)
    @blueprint.response(200, schemas.StepOut(many=True))
    def get(self, ref: str) -> list[dict[str, Any]]:
        """The steps open to the caller now."""
        article = seen(ref)
        rows = articles.steps_open(article, by=me().id, duties=article_duties(me(), article))
        return [{"action": row.action, "label": label(row.action), "needs": list(row.needs)} for row in rows]

    @needs(*WRITERS)
    @blueprint.arguments(schemas.ArticleMoveIn)
    @blueprint.response(200, schemas.ArticleOut)
    def post(self, given: dict[str, Any], ref: str) -> Article:
        """Take one step of the article's life; ``needs`` of the steps says what it asks for."""
        article = seen(ref)
        action, note = given.pop("action"), given.pop("note")
        duties = article_duties(me(), article)
        brought = articles.Given(**given)
        articles.move(db(), article, action, by=me().id, duties=duties, note=note, given=brought)
        return article


@blueprint.route("/articles/to-check")
class ToCheck(MethodView):
    @needs(*WRITERS)
    @blueprint.arguments(schemas.ToCheckIn, location="query")
    @blueprint.response(200, schemas.listed(schemas.ToCheckOut))
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Articles to check again, with what speaks against each."""
        wanted = listing.Asked(system=asked["system"], sign=asked["sign"])
        rows = listing.to_check(wanted, today=today(db())).order_by(None)
        page = page_of(db(), rows, Article, limit=asked["limit"], cursor=asked["cursor"])
        reasons = listing.reasons_of(db(), page["items"])
        page["items"] = [{"article": row, "reasons": reasons[row.id]} for row in page["items"]]
        return page


@blueprint.route("/articles/<string:ref>/standing")
class Standing(MethodView):
    @needs(*WRITERS)
    @blueprint.response(200, schemas.StandingOut)
    def get(self, ref: str) -> dict[str, Any]:
        """The article's score as it stands now, and what would raise it."""
        score = standing.score_now(db(), seen(ref), today=today(db()))
        return {"score": score.value, "missing": [BY_KEY[key] for key in score.missing]}
