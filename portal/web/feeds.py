"""What is new and changed in the knowledge base, for feed readers: the same list for pages and the API.

The invariant: a feed holds what its caller may read at this moment, and no store between us and them may
keep it for anybody else.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Blueprint, Response, make_response, render_template, request, url_for

from kb import shelf
from kb.models import Article
from portal.catalogue.outgrown import offered_articles
from portal.web.access import signed_in
from portal.web.cross_links import look_up, spoken
from portal.web.request import db, me, parts

blueprint = Blueprint("feeds", __name__)

ENTRIES = 50
SUMMARY = 300
TYPE = "application/atom+xml"
#: What XML cannot hold, however it is written.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@blueprint.get("/kb/feed")
@signed_in
def knowledge() -> Response:
    return atom()


def atom() -> Response:
    """New and changed articles as Atom, the latest change first."""
    entries = _entries(shelf.Filter(system=request.args.get("system", "")))
    look_up(*(row.body for row in entries))
    answer = make_response(
        render_template(
            "reading/feed.xml",
            entries=entries,
            updated=max((row.updated_at for row in entries), default=NEVER),
            here=absolute(request.full_path.rstrip("?")),
        )
    )
    answer.mimetype = TYPE
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.vary.update(("Cookie", "Authorization"))
    answer.add_etag()
    return answer.make_conditional(request)  # type: ignore[return-value]


def _entries(chosen: shelf.Filter) -> list[Article]:
    wanted = chosen.narrow(offered_articles(db(), me()))
    return list(db().scalars(wanted.order_by(Article.updated_at.desc(), Article.id.desc()).limit(ENTRIES)))


def absolute(path: str) -> str:
    """An address that works outside this page, too."""
    return (parts().settings.base_url or request.host_url).rstrip("/") + path


def address_of(article: Article) -> str:
    """Where somebody else opens this article."""
    return absolute(url_for("reading.article", number=article.number))


@blueprint.app_template_filter()
def writable(text: str) -> str:
    """A text without the characters that no XML can hold."""
    return UNWRITABLE.sub("", text)


@blueprint.app_template_filter()
def beginning(body: str) -> str:
    """The first lines of a text, without marks."""
    words = " ".join(spoken(body).split())
    return words if len(words) <= SUMMARY else words[:SUMMARY].rstrip() + "…"


blueprint.add_app_template_global(address_of, "article_address")
