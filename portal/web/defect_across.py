"""Root causes across provinces: the heat table, and the same as a file. Rights are those of the defect list.

Counting is in ``portal.tickets.across``. Cells that a spreadsheet would take for a formula are guarded where
every export's cells are. The invariant: page and file show the same records, read with the same eyes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy import Select
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import visible_defects
from kb.columns import now
from portal.catalogue.queries import systems_by_code
from portal.people import audit
from portal.people.roles import Permission
from portal.tickets import across
from portal.tickets.across import Across, Order
from portal.web.access import needs
from portal.web.labels import label, named
from portal.web.paging import PER_PAGE, Pages, asked_page
from portal.web.request import db, me, only_asks, parts, viewer, write_now
from portal.web.taken_away import table

blueprint = Blueprint("across", __name__)

LENGTHS = (30, 90, 182)
USUAL_DAYS = 90
MOST_ROWS = 5_000
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address narrows the table to; nonsense means the usual."""

    days: int
    system: str
    order: Order

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Asked:
        days, order = given.get("days", ""), given.get("order", "")
        length = int(days) if days.isdecimal() and len(days) < 5 else USUAL_DAYS
        return cls(
            length if length in LENGTHS else USUAL_DAYS,
            given.get("system", "")[:LONGEST],
            Order(order) if order in set(Order) else Order.SPREAD,
        )

    def records(self) -> Select[Defect]:
        wanted = visible_defects(viewer())
        return wanted.where(Defect.system == self.system) if self.system else wanted

    def counted(self, *, limit: int, offset: int = 0) -> Across:
        until = now(db())
        since = until - timedelta(days=self.days)
        return across.across(
            db(), self.records(), since=since, until=until, order=self.order, limit=limit, offset=offset
        )


@blueprint.get("/defects/across")
@needs(Permission.READ_STAFF_TEXTS)
def page() -> str:
    asked = Asked.of(request.args)
    found = asked.counted(limit=PER_PAGE, offset=(asked_page() - 1) * PER_PAGE)
    return render_template(
        "defects/across.html",
        asked=asked,
        found=found,
        cursor=Pages(asked_page(), found.total),
        holding=across.holding(db(), asked.records(), today=now(db())),
        least=across.LEAST,
        held_for=across.HELD_FOR.days,
        lengths=LENGTHS,
        orders=across.ORDER_LABELS,
        systems=systems_by_code(db()),
        may_export=me().may(Permission.EXPORT),
    )


@blueprint.post("/defects/across.csv")
@needs(Permission.EXPORT)
@only_asks
def export() -> Response:
    asked = Asked.of(request.form)
    found = asked.counted(limit=MOST_ROWS)
    columns = [*_columns(), *(named(found.provinces.rows[code]) for code in found.shown)]
    file = table("csv", columns, _rows(found))
    audit.record(
        write_now(),
        "export",
        "defects_across",
        subject_id="csv",
        by=me(),
        records=file.count,
        days=asked.days,
    )
    return file.called(_file_name(now(db())))


def _columns() -> list[str]:
    return [
        _("编号"),
        _("缺陷"),
        _("系统"),
        _("状态"),
        _("期内工单"),
        _("上期工单"),
        _("波及省级单位"),
        _("占全部省级单位"),
        _("复发次数"),
    ]


def _rows(found: Across) -> Iterator[dict[str, object]]:
    systems = systems_by_code(db())
    provinces = found.provinces.rows
    for defect, line in found.lines:
        system = systems.get(defect.system)
        cells = (
            defect.number,
            defect.title,
            named(system) if system is not None else defect.system,
            label(defect.state),
            line.total,
            line.before,
            line.affected,
            f"{line.affected / len(provinces):.2f}" if provinces else "",
            defect.recurrences,
        )
        yield {
            **dict(zip(_columns(), cells, strict=True)),
            **{named(provinces[code]): line.tickets[code] for code in found.shown},
        }


def _file_name(moment: datetime) -> str:
    return f"defects-across-{moment.astimezone(parts().settings.zone):%Y%m%d-%H%M}.csv"
