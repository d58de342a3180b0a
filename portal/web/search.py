"""The search page: everything this reader may find, narrowed as they like, page by page; and what is being
typed, completed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, render_template, request

from portal.catalogue.queries import systems_in_order
from portal.finder.found import Found, Result
from portal.finder.meant import did_you_mean
from portal.finder.question import DEPTH
from portal.finder.typeahead import Completion, complete
from portal.web.access import signed_in
from portal.web.in_vain import note_search
from portal.web.labels import named
from portal.web.links import completion_address, href_of
from portal.web.narrowing import KIND_NAMES, Asked, asked_of_request, facets, narrowed_by
from portal.web.paging import PER_PAGE, Pages, asked_page, pages
from portal.web.request import db, me, parts

blueprint = Blueprint("search", __name__)

COMPLETED = 8
LAST_PAGE = DEPTH // PER_PAGE


@blueprint.get("/search")
@signed_in
def page() -> str:
    asked = asked_of_request()
    found, cursor = _page(asked) if asked.text else (Found(), pages(0))
    meant = _meant(asked) if asked.text and asked_page() == 1 else ""
    if asked.text and not asked.is_narrowed and asked_page() == 1:
        note_search(asked.text, trusted=found.trusted or bool(found.announcements), mode=found.mode)
    today = datetime.now(parts().settings.zone).date()
    doors = facets(asked, found, _counted, today=today) if asked.text else []
    return render_template(
        "search/page.html",
        asked=asked,
        found=found,
        cursor=cursor,
        closest_only=found.total >= DEPTH,
        facets=doors,
        chosen=narrowed_by(asked, doors) if asked.is_narrowed else [],
        today=today,
        meant=replace(asked, text=meant) if meant else None,
    )


def _page(asked: Asked) -> tuple[Found, Pages]:
    """The page asked for, or the last there is: a search ranks the closest ones and counts no further."""
    found = _found(asked, offset=(min(asked_page(), LAST_PAGE) - 1) * PER_PAGE)
    cursor = pages(min(found.total, DEPTH))
    if found.total and not found.results:
        found = _found(asked, offset=cursor.offset)
    return found, cursor


def _found(asked: Asked, *, offset: int = 0, limit: int = PER_PAGE) -> Found:
    return parts().finder.search(
        db(),
        me(),
        asked.text,
        kinds=[asked.kind] if asked.kind else (),
        filters=asked.filters,
        period=asked.period,
        limit=limit,
        offset=offset,
    )


def _counted(asked: Asked) -> Found:
    return _found(asked, limit=1)


def _meant(asked: Asked) -> str:
    return did_you_mean(db(), me(), parts().finder.index, asked.text)


@blueprint.get("/search/typing")
@signed_in
def typing() -> str:
    """What is being typed may become these: lines for the list under the field."""
    found = complete(db(), me(), parts().finder.index, request.args.get("q", ""), limit=COMPLETED)
    return render_template("search/_typing.html", found=found, names=_names(found), kinds=KIND_NAMES)


def _names(found: tuple[Completion, ...]) -> dict[str, str]:
    """The systems named beside the lines."""
    if not any(row.system for row in found):
        return {}
    return {row.code: named(row) for row in systems_in_order(db(), active_only=False)}


@blueprint.app_template_global()
def address_of_result(result: Result) -> str:
    """Where this reader opens a result."""
    return href_of(result, me())


@blueprint.app_template_global()
def address_of_completion(completion: Completion) -> str:
    return completion_address(completion)
