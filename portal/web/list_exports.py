"""The list on the screen as a file: its tickets, its columns, in the viewer's words, within their rights.

Read without the write lock and written beside; only the line in the audit is a short writing part. Cells
that a spreadsheet would take for a formula are guarded where every export's cells are: in ``kb.exporting``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from flask import abort, request
from werkzeug.wrappers import Response

from kb.columns import now
from portal.people import audit
from portal.people.roles import Permission
from portal.tickets import queries
from portal.tickets.models import Ticket
from portal.tickets.views.columns import ORDINARY, chosen
from portal.web.access import needs
from portal.web.list_asked import asked_by_form, blueprint
from portal.web.list_columns import headings
from portal.web.request import db, me, only_asks, parts, write_now
from portal.web.taken_away import TYPES, Taken, table

#: What a spreadsheet still opens well; a whole desk is exported by ``tierdesk export tickets``.
MOST_ROWS = {"csv": 20_000, "xlsx": 10_000}


@blueprint.post("/queues/export/<kind>")
@needs(Permission.EXPORT)
@only_asks
def export(kind: str) -> Response:
    if kind not in TYPES:
        abort(404)
    moment = now(db())
    file = _written(kind)
    audit.record(
        write_now(), "export", "list", subject_id=kind, by=me(), tickets=file.count, asked=_asked_in_words()
    )
    return file.called(_file_name(kind, moment))


def _written(kind: str) -> Taken:
    columns = headings(chosen(request.form.getlist("column")) or ORDINARY)
    names = [name for name, _cell in columns]
    return table(kind, names, _rows(columns, MOST_ROWS[kind]))


def _rows(
    columns: Sequence[tuple[str, Callable[[Ticket], object]]], limit: int
) -> Iterator[dict[str, object]]:
    for ticket in queries.walked(db(), me(), asked_by_form(), limit=limit):
        yield {name: cell(ticket) for name, cell in columns}


def _asked_in_words() -> str:
    """What was asked for, as it stood in the address; for the audit."""
    return " ".join(f"{name}={text}" for name, text in request.form.items() if text and name in _TOLD)


_TOLD = frozenset({"tab", "tier", "state", "category", "system", "unit", "holder", "q", "from", "to"})


def _file_name(kind: str, moment: datetime) -> str:
    return f"tickets-{moment.astimezone(parts().settings.zone):%Y%m%d-%H%M}.{kind}"
