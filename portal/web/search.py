"""The search page: everything this reader may find, by kind and system, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from indexer.words import N_
from portal.catalogue.queries import systems_in_order
from portal.finder.find import Found, Result
from portal.web.access import signed_in
from portal.web.labels import named
from portal.web.links import href_of
from portal.web.paging import PER_PAGE, asked_page, pages
from portal.web.request import db, me, parts

blueprint = Blueprint("search", __name__)

KIND_NAMES = {
    "article": N_("知识"),
    "defect": N_("已知缺陷"),
    "ticket": N_("工单"),
    "announcement": N_("公告"),
    "fault": N_("故障事件"),
}
SYSTEMS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    text: str
    kind: str
    system: str

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.system)


@blueprint.get("/search")
@signed_in
def page() -> str:
    kind = request.args.get("kind", "")
    asked = Asked(
        request.args.get("q", "").strip(),
        kind if kind in KIND_NAMES else "",
        request.args.get("system", ""),
    )
    found = _found(asked, offset=(asked_page() - 1) * PER_PAGE) if asked.text else Found()
    # Facets show where else something lies, so they are counted before anything is narrowed.
    wide = _found(Asked(asked.text, "", ""), limit=1) if asked.text and asked.is_narrowed else found
    return render_template(
        "search/page.html",
        asked=asked,
        found=found,
        cursor=pages(found.total),
        kinds=[(value, KIND_NAMES[value], count) for value, count in wide.facets.get("kind", [])],
        systems=wide.facets.get("system", [])[:SYSTEMS_SHOWN],
        names={row.code: named(row) for row in systems_in_order(db(), active_only=False)},
    )


def _found(asked: Asked, *, offset: int = 0, limit: int = PER_PAGE) -> Found:
    return parts().finder.search(
        db(),
        me(),
        asked.text,
        kinds=[asked.kind] if asked.kind else (),
        filters={"system": asked.system or None},
        limit=limit,
        offset=offset,
    )


@blueprint.app_template_global()
def address_of_result(result: Result) -> str:
    """Where this reader opens a result."""
    return href_of(result, me())
