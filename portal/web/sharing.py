"""Sharing out (分派): who of my people holds how much and would get what; given and taken back in one go.

The rule of fairness and every deed are verbs of ``tickets.assignment.sharing``. The invariant: exactly what
was previewed is given; what has changed meanwhile is passed over and named.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from portal.catalogue.queries import systems_in_order
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.tickets import desk
from portal.tickets.assignment import sharing
from portal.tickets.assignment.models import Sharing
from portal.tickets.models import Ticket
from portal.tickets.selection import Filter
from portal.tickets.words import TIER_LABELS, Tier
from portal.web.access import needs
from portal.web.request import db, me

blueprint = Blueprint("sharing", __name__)

LEADS = needs(Permission.REASSIGN)


@blueprint.get("/sharing")
@LEADS
def page() -> str:
    """The proposal for one tier: people on the left, what each would get on the right."""
    tiers = sharing.tiers_led_by(me())
    wanted = request.args.get("tier", "")
    tier = Tier(wanted) if wanted in tiers else next(iter(tiers), None)
    if tier is None:
        abort(404)
    only = _chosen() if "among" in request.args else None
    narrowed = replace(
        Filter(), system=request.args.get("system", "")[:64], unit=request.args.get("unit", "")[:64]
    )
    proposal = sharing.propose(db(), me(), tier, wanted=narrowed, only=only)
    return render_template(
        "sharing/page.html",
        tier=tier,
        tiers=[(row, TIER_LABELS[row]) for row in tiers],
        proposal=proposal,
        clocks={ticket.id: desk.clock_of(db(), ticket) for ticket in _all(proposal)},
        only=only,
        wanted=narrowed,
        systems=systems_in_order(db()),
        units=units_in_order(db()),
        latest=sharing.latest_sharing(db(), me()),
    )


def _chosen() -> set[int]:
    return {int(text) for text in request.args.getlist("person") if text.isdecimal() and len(text) < 10}


def _all(proposal: sharing.Proposal) -> list[Ticket]:
    return [*(pair.ticket for pair in proposal.pairs), *proposal.left]


@blueprint.post("/sharing")
@LEADS
def apply() -> Response:
    """Give the tickets to the people, as previewed."""
    pairs = [pair for text in request.form.getlist("pair") if (pair := _pair(text))]
    done = sharing.apply(db(), pairs, by=me())
    given = len(done.sharing.shares) if done.sharing else 0
    told = ngettext("已分派 %(num)s 张工单。", "已分派 %(num)s 张工单。", given)
    flash(told, "success" if given else "info")
    if done.passed_over:
        numbers = _("、").join(done.passed_over)
        flash(_("这些工单刚被别人领走或处理人不在岗，没有分派：%(numbers)s", numbers=numbers), "warning")
    return redirect(url_for("sharing.page", tier=request.form.get("tier")))


def _pair(text: str) -> tuple[int, int] | None:
    ticket, _colon, person = text.partition(":")
    known = all(part.isdecimal() and len(part) < 10 for part in (ticket, person))
    return (int(ticket), int(person)) if known else None


@blueprint.post("/sharing/<int:number>/undo")
@LEADS
def undo(number: int) -> Response:
    """Take back what nobody has worked on since."""
    record = db().get(Sharing, number)
    if record is None or record.by_id != me().id:
        abort(404)
    back = sharing.undo(db(), record, by=me())
    stays = len(record.shares) - len(back)
    flash(ngettext("已撤回 %(num)s 张。", "已撤回 %(num)s 张。", len(back)), "success")
    if stays:
        told = ngettext("%(num)s 张已经有人动手，留在原处。", "%(num)s 张已经有人动手，留在原处。", stays)
        flash(told, "info")
    return redirect(url_for("sharing.page", tier=request.form.get("tier")))
