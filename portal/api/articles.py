"""Articles: list, read, write, revise, move."""

from __future__ import annotations

from typing import Any

from flask import Response, abort
from flask.views import MethodView
from flask_smorest import Blueprint
from sqlalchemy import Select, select

from kb import articles, flow
from kb.models import Article
from kb.queries import article_by_number, is_readable, readable_articles
from portal.api import callers, schemas
from portal.api.paging import page_of
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
        text = articles.ArticleText(**given)
        duties = article_duties(me())
        return articles.revise(db(), seen(ref), text, by=me().id, note=note, seen=version, duties=duties)


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
        own = articles.is_own(article, me().id)
        rows = flow.open_to(article.state, article_duties(me()), is_author=own)
        return [
            {"action": row.action, "label": label(row.action), "needs": ["note"] if row.needs_note else []}
            for row in rows
        ]

    @needs(*WRITERS)
    @blueprint.arguments(schemas.ArticleMoveIn)
    @blueprint.response(200, schemas.ArticleOut)
    def post(self, given: dict[str, Any], ref: str) -> Article:
        """Take one step of the article's life."""
        article = seen(ref)
        duties = article_duties(me())
        articles.move(db(), article, given["action"], by=me().id, duties=duties, note=given["note"])
        return article
