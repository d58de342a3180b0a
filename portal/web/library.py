"""The knowledge base as a reader walks through it: searched, browsed, narrowed, and found again.

One article is ``reading``'s. Everything counted here is counted over what this reader may find. The
invariant: an address that says nonsense narrows nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import Blueprint, render_template, request
from flask_babel import get_locale
from sqlalchemy import Select

from kb import shelf
from kb.counting import count_of
from kb.models import Article, ArticleKind
from kb.readers.recent import recently_read
from portal.catalogue.outgrown import offered_articles
from portal.catalogue.queries import systems_by_code
from portal.finder.meant import did_you_mean
from portal.finder.related import family_of
from portal.finder.sources import ARTICLE
from portal.insight.popular import popular_articles
from portal.tickets.words import Category
from portal.web.access import signed_in
from portal.web.in_vain import note_search
from portal.web.paging import Pages, pages
from portal.web.request import db, me, parts, viewer

blueprint = Blueprint("reading", __name__)

MOST_FOUND = 60
SHELF = 6
#: What a reader narrows by, and the column that says it.
DOORS = {
    "category": Article.category,
    "system": Article.system,
    "module": Article.module,
    "kind": Article.kind,
}
SORTS = ("new", "popular")

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of articles, and how many stand behind each door beside them."""

    articles: list[Article]
    cursor: Pages
    counts: Counts
    mode: str = "hybrid"
    trusted: bool = True
    meant: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """What the library shows before anything is asked for."""

    popular: list[Article] = field(default_factory=list)
    new: list[Article] = field(default_factory=list)
    recent: list[Article] = field(default_factory=list)


@blueprint.get("/kb")
@signed_in
def library() -> str:
    chosen, words = _filter(), request.args.get("q", "").strip()
    sort = request.args.get("sort", "")
    own = shelf.in_language(offered_articles(db(), me()), reading_language())
    browsing = not (words or chosen or sort in SORTS or "page" in request.args)
    return render_template(
        "reading/library.html",
        listed=_found(words, chosen) if words else _listed(own, chosen, sort),
        chosen=chosen,
        words=words,
        sort=sort if sort in SORTS else "new",
        front=_front(own) if browsing else None,
        systems=systems_by_code(db()),
        kinds=ArticleKind,
        categories=Category,
    )


def _front(own: Select[Article]) -> Front:
    return Front(
        popular=popular_articles(db(), me(), language=reading_language(), limit=SHELF),
        new=list(db().scalars(shelf.newest(own).limit(SHELF))),
        recent=list(db().scalars(recently_read(viewer()).limit(SHELF))),
    )


def _filter() -> shelf.Filter:
    given = request.args
    kind, system = given.get("kind", ""), given.get("system", "")
    return shelf.Filter(
        system=system,
        module=given.get("module", "") if system else "",
        category=given.get("category", ""),
        kind=ArticleKind(kind) if kind in set(ArticleKind) else None,
    )


def _listed(own: Select[Article], chosen: shelf.Filter, sort: str) -> Listed:
    wanted = chosen.narrow(own)
    cursor = pages(count_of(db(), wanted))
    ordered = shelf.most_read(wanted) if sort == "popular" else shelf.newest(wanted)
    rows = db().scalars(ordered.limit(cursor.per_page).offset(cursor.offset))
    counts = {
        name: shelf.counts_by(db(), chosen.without(name).narrow(own), column)
        for name, column in DOORS.items()
        if name != "module" or chosen.system
    }
    return Listed(list(rows), cursor, counts)


# ── searched ─────────────────────────────────────────────────────────────────────────────────────


def _found(words: str, chosen: shelf.Filter) -> Listed:
    """What the finder found; it has checked every row against the viewer's rules already."""
    finder = parts().finder
    found = finder.search(db(), me(), words, kinds=(ARTICLE,), limit=MOST_FOUND)
    note_search(words, trusted=found.trusted, mode=found.mode, system=chosen.system)
    rows = [result.subject for result in found.results if isinstance(result.subject, Article)]
    once = in_one_language(rows, reading_language())
    fitting = [row for row in once if chosen.fits(row)]
    return Listed(
        fitting,
        Pages(1, len(fitting), MOST_FOUND),
        {name: _counted(once, chosen.without(name), name) for name in DOORS},
        str(found.mode),
        found.trusted,
        "" if found.trusted else did_you_mean(db(), me(), finder.index, words),
    )


def _counted(rows: Iterable[Article], chosen: shelf.Filter, name: str) -> dict[str, int]:
    if name == "module" and not chosen.system:
        return {}
    values = [str(value) for row in rows if chosen.fits(row) and (value := getattr(row, name))]
    return dict(Counter(values).most_common())


def in_one_language(rows: Iterable[Article], language: str) -> list[Article]:
    """Each article once, in the reader's language where it was found in it."""
    best: dict[int, Article] = {}
    for row in rows:
        former = best.setdefault(family_of(row), row)
        if row.language == language != former.language:
            best[family_of(row)] = row
    return list(best.values())


def reading_language() -> str:
    return "en" if str(get_locale()).startswith("en") else "zh"
