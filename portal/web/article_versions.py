"""An article's versions as pages show them: revisions compared, translations by their originals.

No routes here. The invariant: what is compared is text; the page escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import abort, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.audience import AUDIENCE_LABELS, Audience
from kb.changes import FieldChange, changed_fields
from kb.compare import Change, Piece, compare, excerpt
from kb.flow import is_revisable
from kb.links.reading import pointing_to
from kb.models import KIND_LABELS, Article, ArticleKind, Revision
from kb.queries import translations_of
from kb.translations import keeping
from kb.translations.keeping import Basis
from portal.catalogue.models import System
from portal.catalogue.queries import systems_by_code
from portal.people.duties import article_duties
from portal.people.queries import people_by_id, units_in_order
from portal.tickets.words import CATEGORY_LABELS, Category
from portal.web.article_forms import LANGUAGES
from portal.web.editor_lists import steps_open, version_of
from portal.web.labels import named
from portal.web.request import db, me

MOST_POINTING = 20
FIELD_LABELS = {
    "also": N_("用户还会这样问"),
    "keywords": N_("关键词"),
    "units": N_("只给这些单位看"),
    "kind": N_("类型"),
    "language": N_("语言"),
    "system": N_("系统"),
    "module": N_("模块"),
    "category": N_("类别"),
    "audience": N_("给谁看"),
}


# ── revisions ────────────────────────────────────────────────────────────────────────────────────


def history_of(article: Article) -> dict[str, Any]:
    """The revisions of an article, and two of them compared: ``?a=&b=``, else the last change."""
    revisions = list(article.revisions)
    newer = _revision(revisions, request.args.get("b"), revisions[-1] if revisions else None)
    before = [row for row in revisions if newer and row.number < newer.number]
    older = _revision(revisions, request.args.get("a"), before[-1] if before else None)
    pair = (older, newer) if older and newer else None
    versions = translations_of(db(), article)
    side = beside(db(), article)
    ids = [article.author_id, *(row.author_id for row in revisions), *(row.by_id for row in article.moves)]
    return {
        "article": article,
        "revisions": revisions,
        "older": older,
        "newer": newer,
        "body_pieces": compare(pair[0].body, pair[1].body) if pair else (),
        "title_pieces": compare(pair[0].title, pair[1].title) if pair else (),
        "fields": _fields(*pair) if pair else (),
        "people": people_by_id(db(), ids),
        "steps": steps_open(article),
        "may_edit": is_revisable(article.state, article_duties(me(), article)),
        "translations": versions,
        "behind": keeping.behind_among(db(), [article, *versions]),
        "side": side,
        "side_changes": excerpt(side.body) if side else (),
        "pointing": db().scalars(pointing_to(article.number).limit(MOST_POINTING)).all(),
    }


def _revision(revisions: Sequence[Revision], given: str | None, default: Revision | None) -> Revision | None:
    wanted = version_of(given)
    if wanted is None:
        return default
    return next((row for row in revisions if row.number == wanted), None) or abort(404)


def _fields(older: Revision, newer: Revision) -> list[FieldChange]:
    """What changed beside the words, every value as people call it."""
    systems, units = systems_by_code(db()), {row.code: named(row) for row in units_in_order(db())}
    return [
        FieldChange(
            _(FIELD_LABELS[row.name]),
            tuple(_called(row.name, value, systems, units) for value in row.removed),
            tuple(_called(row.name, value, systems, units) for value in row.added),
        )
        for row in changed_fields(older, newer)
    ]


def _called(name: str, value: str, systems: Mapping[str, System], units: Mapping[str, str]) -> str:
    match name:
        case "kind":
            return _(KIND_LABELS[ArticleKind(value)])
        case "category":
            return _(CATEGORY_LABELS[Category(value)]) if value in set(Category) else value
        case "audience":
            return _(AUDIENCE_LABELS[Audience(value)])
        case "language":
            return LANGUAGES.get(value, value)
        case "system":
            return named(systems[value]) if value in systems else value
        case "module":
            return next(_modules(value, systems), value)
        case "units":
            return units.get(value, value)
    return value


def _modules(code: str, systems: Mapping[str, System]) -> Iterator[str]:
    for system in systems.values():
        yield from (module.name for module in system.modules if module.code == code)


# ── a translation and its original ───────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Beside:
    """The original next to a translation, with what changed in it since the translation was right."""

    original: Article
    latest: int
    title: Sequence[Piece]
    body: Sequence[Piece]
    behind: bool = False
    basis: Basis | None = None


def beside(
    session: Session, article: Article | None = None, *, original: Article | None = None
) -> Beside | None:
    """For a translation its original with the changes marked; for a new one the original as it is."""
    if article is not None:
        original = article.translation_of
    if original is None:
        return None
    latest = max((row.number for row in original.revisions), default=0)
    basis = keeping.basis_of(session, article) if article is not None else None
    behind = article is not None and keeping.is_behind(session, article)
    if basis is None or not behind:
        same = [Piece(Change.SAME, original.title)], [Piece(Change.SAME, original.body)]
        return Beside(original, latest, *same, basis=basis)
    said = basis.revision
    return Beside(
        original,
        latest,
        compare(said.title, original.title),
        compare(said.body, original.body),
        behind=True,
        basis=basis,
    )
