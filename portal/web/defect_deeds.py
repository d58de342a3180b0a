"""Deeds on a record's page: steps, merging, words on how it goes, users' sentences, articles, the recipe.

Each calls one verb. The invariant: what is refused comes back on the same page, everything typed in it.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from defects import library as verbs
from defects import moves
from defects.flow import DEAD, DefectAction
from defects.models import Defect
from defects.queries import defect_by_number, is_visible, visible_defects
from defects.wording import says
from indexer.words import N_
from kb.flow import Refused
from kb.queries import article_by_number, is_readable
from portal.catalogue.queries import systems_by_code
from portal.causes import life
from portal.causes.keys import recipe
from portal.causes.life import Given
from portal.finder.sources import DEFECT
from portal.people.duties import article_duties
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets
from portal.web.access import needs
from portal.web.defect_pages import blueprint
from portal.web.defect_record import Refusal, seen, whole_page
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, parts, viewer

KEEPERS = needs(Permission.CURATE_DEFECTS, Permission.REPAIR_DEFECTS)
CURATORS = needs(Permission.CURATE_DEFECTS)
CANDIDATES = 8


def deed(number: str, name: str, does: Callable[[Defect], object], *, anchor: str = "") -> Response:
    """Do it and go back to the record; refused, the record comes back with all that was typed."""
    defect = seen(number)
    try:
        does(defect)
        db().flush()
    except Refused as refusal:
        return refused(number, name, refusal)
    return redirect(url_for("defect_pages.record", number=defect.number, _anchor=anchor or None))


def refused(number: str, name: str, refusal: Refused) -> Response:
    sentence = sentence_of(refusal)
    db().rollback()
    typed = {field: text for field, text in request.form.items() if field != "csrf_token"}
    shown = whole_page(seen(number), refusal=Refusal(name, sentence, typed))
    return make_response(render_template("defects/record.html", **shown), 422)


def version_of(given: str | None) -> int | None:
    return int(given) if given and given.isascii() and given.isdecimal() and len(given) < 10 else None


@blueprint.post("/defects/<number>/moves/<action>")
@KEEPERS
def move(number: str, action: str) -> Response:
    if action not in set(DefectAction):
        abort(404)
    form, chosen = request.form, DefectAction(action)
    given = Given(
        note=form.get("note", ""),
        seen=version_of(form.get("seen")),
        cause=form.get("cause", ""),
        fixed_in=form.get("fixed_in", ""),
        evidence=form.get("evidence", ""),
    )
    answer = deed(number, action, lambda defect: life.move(db(), defect, chosen, by=me(), given=given))
    if answer.status_code < 400:
        flash(_("已记录，缺陷现在的状态见上方。"), "success")
    return answer


# ── merging ──────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/defects/<number>/merge")
@CURATORS
def merge(number: str) -> Response:
    defect = seen(number)
    into = defect_by_number(db(), request.form.get("into") or request.form.get("q", ""))
    try:
        if into is None or not is_visible(into, viewer()):
            raise Refused(N_("没有这个编号的缺陷，请核对后再并入。"))
        given = Given(note=request.form.get("note", ""), into=into)
        life.move(db(), defect, DefectAction.MERGE, by=me(), given=given)
    except Refused as refusal:
        return refused(number, "merge", refusal)
    survivor = moves.survivor_of(defect)
    flash(_("已并入 %(number)s，工单也一并转过去了。", number=survivor.number), "success")
    return redirect(url_for("defect_pages.record", number=survivor.number))


@blueprint.get("/defects/<number>/merge")
@CURATORS
def merge_candidates(number: str) -> str | Response:
    """The records that may be meant: by number, by their words, else by their sense."""
    defect = seen(number)
    if not is_fragment():
        return redirect(url_for("defect_pages.record", number=defect.number))
    asked = request.args.get("q", "").strip()[:200]
    return render_template(
        "defects/_merge_candidates.html",
        defect=defect,
        candidates=_candidates(defect, asked),
        asked=asked,
        systems=systems_by_code(db()),
    )


def _candidates(defect: Defect, asked: str) -> list[Defect]:
    alive = visible_defects(viewer()).where(Defect.id != defect.id, Defect.state.not_in(DEAD))
    if not asked:
        return _alike(defect)
    ours = (Defect.system != defect.system, Defect.updated_at.desc())
    return list(db().scalars(alive.where(says(asked)).order_by(*ours).limit(CANDIDATES)))


def _alike(defect: Defect) -> list[Defect]:
    """Nothing typed yet: those that say nearly the same."""
    words = "\n".join((defect.title, *defect.symptoms[:5]))
    found = parts().finder.search(db(), me(), words, kinds=(DEFECT,), limit=CANDIDATES + 1)
    rows = [row.subject for row in found.results if isinstance(row.subject, Defect)]
    return [row for row in rows if row.id != defect.id][:CANDIDATES]


# ── words ────────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/defects/<number>/notes")
@KEEPERS
def remark(number: str) -> Response:
    words = request.form.get("words", "")
    return deed(
        number, "remark", lambda defect: verbs.remark(db(), defect, words, by=me().id), anchor="history"
    )


@blueprint.post("/defects/<number>/symptoms")
@CURATORS
def adopt(number: str) -> Response:
    """Take what the user of a linked ticket said into the symptoms."""
    ticket = _ticket(request.form.get("ticket", ""))
    return deed(
        number,
        "adopt",
        lambda defect: verbs.adopt(db(), defect, _said_in(ticket, defect), by=me().id),
        anchor="symptoms",
    )


def _ticket(number: str) -> Ticket:
    """One that this person may open; any other is not there."""
    found = db().scalar(visible_tickets(me()).where(Ticket.number == number.strip().upper()))
    return found if found is not None else abort(404)


def _said_in(ticket: Ticket, defect: Defect) -> str:
    if ticket.defect is None or ticket.defect.id != defect.id:
        raise Refused(N_("工单 %(number)s 没有关联到这条缺陷，请先关联。"), number=ticket.number)
    return ticket.text


# ── articles, recipe ─────────────────────────────────────────────────────────────────────────────


@blueprint.post("/defects/<number>/articles")
@CURATORS
def tie_article(number: str) -> Response:
    article = article_by_number(db(), request.form.get("article", ""))

    def ties(defect: Defect) -> None:
        if article is None or not (is_readable(article, viewer()) or article_duties(me())):
            raise Refused(N_("没有这个编号的知识，请核对后再关联。"))
        (verbs.untie if request.form.get("untie") else verbs.tie)(db(), defect, article)

    return deed(number, "tie", ties, anchor="articles")


@blueprint.post("/defects/<number>/recipe")
@KEEPERS
def run_recipe(number: str) -> Response:
    """The data of one ticket was mended by the recipe; ``undo`` takes that back."""
    form, undo = request.form, bool(request.form.get("undo"))
    wanted = select(Ticket).where(Ticket.id.in_(visible_tickets(me()).with_only_columns(Ticket.id)))
    ticket = db().scalar(wanted.where(Ticket.number == form.get("ticket", "").strip().upper()))

    def runs(defect: Defect) -> None:
        if ticket is None:
            raise Refused(N_("没有这个编号的工单，或者它不在您负责的范围内。"))
        if undo:
            recipe.take_back(db(), defect, ticket)
        else:
            recipe.ran(db(), defect, ticket, by=me(), note=form.get("note", ""))

    return deed(number, "recipe", runs, anchor="recipe")
