"""What is done with one import, the same for every kind: on, confirm, take back, drop, the list of results.

A kind says where it lives (:class:`Room`) and how its page is drawn; the addresses follow. The invariants:
every deed is done with an import of one's own, anybody else finds nothing there; endpoints are called as the
deeds, because the one template of all kinds asks its room for them by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.importing.outcome import FATE_LABELS
from portal.people.roles import Permission
from portal.uploads import job, parts, standing
from portal.uploads.bringing import Bringer
from portal.uploads.models import STAGE_LABELS, Import, ImportItem, Phase
from portal.web.access import needs
from portal.web.refusals import is_fragment
from portal.web.request import db, me
from portal.web.request import parts as app_parts
from portal.web.retelling import retold
from portal.web.taken_away import table


@dataclass(frozen=True, slots=True)
class Room:
    """Where one kind of import lives; its blueprint has ``page``, the form, and ``one``, an import's page."""

    blueprint: Blueprint
    address: str
    permission: Permission
    bringer: Bringer

    def mine(self, number: int) -> Import:
        return standing.import_of(db(), me(), number, kind=self.bringer.kind) or abort(404)

    def to(self, row: Import) -> Response:
        return redirect(url_for(f"{self.blueprint.name}.one", number=row.id))


Page = Callable[[Import], str]
Answer = Response | str
Deed = Callable[[Room, Import, Page], Answer]


def carry_on(room: Room, row: Import, page: Page) -> Answer:
    """The next part; the page asks while it shows the progress."""
    _next_part(room, row)
    return page(row) if is_fragment() else room.to(row)


def confirm(room: Room, row: Import, _page: Page) -> Answer:
    job.confirm(db(), row, bringer=room.bringer)
    _next_part(room, row)
    return room.to(row)


def undo(room: Room, row: Import, _page: Page) -> Answer:
    job.undo(db(), row, bringer=room.bringer)
    _next_part(room, row)
    return room.to(row)


def _next_part(room: Room, row: Import) -> None:
    """An upload is read by the worker alone."""
    if row.phase != Phase.READING:
        parts.carry_on(db(), row, app_parts().settings, bringer=room.bringer)


def drop(room: Room, row: Import, _page: Page) -> Answer:
    """Not wanted after all."""
    standing.forget(db(), row, app_parts().settings)
    flash(_("已放弃这次导入，没有写入任何内容。"), "success")
    return redirect(url_for(f"{room.blueprint.name}.page"))


def report(_room: Room, row: Import, _page: Page) -> Answer:
    """Every row and what became of it."""
    columns = [_("文件"), _("结果"), _("进度"), _("编号"), _("标题"), _("说明")]
    rows = (_reported(item, columns) for item in standing.all_of(db(), row))
    return table("csv", columns, rows).called(f"import-{row.id}.csv")


def _reported(item: ImportItem, columns: list[str]) -> dict[str, object]:
    said = " ".join(retold(part) for part in (item.sentence, *item.remarks) if part)
    there = item.article or item.defect
    number = there.number if there else ""
    cells = (item.place, _(FATE_LABELS[item.fate]), _(STAGE_LABELS[item.stage]), number, item.title, said)
    return dict(zip(columns, cells, strict=True))


# ── their addresses ──────────────────────────────────────────────────────────────────────────────

DEEDS: tuple[tuple[str, str, Deed], ...] = (
    ("POST", "on", carry_on),
    ("POST", "confirm", confirm),
    ("POST", "undo", undo),
    ("POST", "drop", drop),
    ("GET", "report.csv", report),
)


def add_deeds(room: Room, *, page: Page) -> None:
    """``page``: how one import of this kind is drawn, whole or as a fragment."""
    for method, ending, deed in DEEDS:
        address = f"{room.address}/<int:number>/{ending}"
        view = _view(room, deed, page)
        room.blueprint.add_url_rule(address, deed.__name__, view, methods=[method])


def _view(room: Room, deed: Deed, page: Page) -> Callable[[int], Answer]:
    @needs(room.permission)
    def view(number: int) -> Answer:
        return deed(room, room.mine(number), page)

    return view
