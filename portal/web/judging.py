"""Judging a ticket's likely defects, as the workbench and the ticket's page share it.

The verbs are ``tickets.linking``'s. The invariant: a form names what was shown; whoever judges sees every
record that it names.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import visible_by_number
from portal.people.roles import Permission
from portal.tickets import linking
from portal.tickets.models import DefectLink, Ticket
from portal.web.access import needs
from portal.web.request import db, me, viewer
from portal.web.ticket_screen import served_ticket

blueprint = Blueprint("judging", __name__)
MOST = 10


def is_waiting_for_a_word(ticket: Ticket, defect: Defect) -> bool:
    """Did the system link this ticket to the record, and has nobody confirmed it yet?"""
    return any(link.is_automatic and link.defect_id == defect.id for link in ticket.defect_links)


def ruled_out(ticket: Ticket) -> list[DefectLink]:
    """“None of these”, to what the form says was shown."""
    shown = [_shown(line) for line in request.form.getlist("shown")[:MOST]]
    chances = {defect.id: chance for defect, chance in shown if chance is not None}
    return linking.none_of_these(
        db(), ticket, [defect for defect, _chance in shown], by=me(), chances=chances
    )


def _shown(line: str) -> tuple[Defect, float | None]:
    """``QX000012:0.41``: the record and how sure the page was."""
    number, _colon, chance = line.partition(":")
    defect = visible_by_number(db(), number, viewer()) or abort(404)
    return defect, _probability(chance)


def _probability(text: str) -> float | None:
    try:
        shown_then = float(text)
    except ValueError:
        return None
    return shown_then if 0.0 <= shown_then <= 1.0 else None


@blueprint.post("/tickets/<number>/none-of-these")
@needs(Permission.LINK_DEFECTS)
def none_of_these(number: str) -> Response:
    judged = ruled_out(served_ticket(number))
    flash(_("已记下：这 %(n)s 条都不是这张工单的根因。", n=len(judged)), "success")
    return redirect(url_for("ticket_pages.page", number=number))


@blueprint.post("/tickets/<number>/undo-judgement")
@needs(Permission.LINK_DEFECTS)
def undo(number: str) -> Response:
    """Take back what was judged last, "none of these" as a whole."""
    undone = linking.undo_last(db(), served_ticket(number), by=me())
    numbers = _("、").join(row.defect.number for row in undone)
    flash(_("已撤销对缺陷 %(number)s 的判断。", number=numbers), "success")
    return redirect(url_for("ticket_pages.page", number=number))
