"""From tickets to an article: what a draft would say and where each sentence comes from, then the draft.

Putting it together is ``curation.drafts``. The invariants: tickets are read with the viewer's own rights,
one that they may not open isn't there; whatever is refused, the chosen tickets and the title stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from kb.models import Article
from kb.queries import article_by_number
from portal.curation.drafts import growing
from portal.curation.drafts.composing import composed, only_questions
from portal.curation.drafts.draft import Draft
from portal.curation.drafts.material import material_of
from portal.curation.drafts.models import Part
from portal.curation.drafts.sources import Sentence, sources_of
from portal.curation.gaps import deciding
from portal.curation.gaps.models import Gap
from portal.curation.gaps.record import gap_by_id, tickets_of, wordings_of
from portal.finder.found import Result
from portal.finder.sources import ARTICLE
from portal.people.roles import Permission
from portal.tickets.models import Ticket
from portal.web.access import needs
from portal.web.refusals import sentence_of
from portal.web.request import db, me, only_asks, parts

blueprint = Blueprint("drafts", __name__)

WRITES = needs(Permission.WRITE_ARTICLES)
ALIKE = 3
#: An article that answers so probably is worth a look before another one is written.
MAYBE = 0.25
PARTS = (Part.QUESTION, Part.SYMPTOM, Part.STEP, Part.NOTE)
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a draft starts from: tickets, and the gap that they stand for, if any."""

    tickets: Sequence[Ticket]
    gap: Gap | None
    asked: tuple[str, ...]
    internal: bool


@blueprint.route("/knowledge/drafts/new", methods=["GET", "POST"])
@WRITES
@only_asks
def page() -> Response | str:
    """What a draft out of these tickets would say; nothing is written yet."""
    chosen = _chosen()
    if not chosen.tickets and chosen.gap is None:
        flash(_("请先勾选要用来起草的工单。"), "warning")
        return redirect(url_for("knowledge.page"))
    return _drawn(chosen)


def _chosen() -> Chosen:
    given = request.values
    numbers, number = given.getlist("ticket"), given.get("gap", "")
    gap = gap_by_id(db(), int(number)) if number.isdecimal() and len(number) < 10 else None
    if number and gap is None:
        abort(404)
    try:
        tickets: Sequence[Ticket] = growing.chosen_tickets(db(), numbers, by=me())
    except LookupError:
        abort(404)
    asked: tuple[str, ...] = ()
    if gap is not None:
        tickets = tickets or tickets_of(db(), gap, me())[: growing.MOST]
        asked = (gap.title, *(wording.text for wording in wordings_of(db(), gap)[:8]))
    return Chosen(tickets, gap, asked, given.get("internal") == "1")


def _drawn(chosen: Chosen, *, problem: str = "") -> str:
    draft, why = _draft(chosen)
    title = request.values.get("title", "")[:LONGEST_TITLE]
    dropped = _dropped(draft) if problem else set()
    return render_template(
        "drafts/page.html",
        chosen=chosen,
        draft=draft,
        why=why,
        problem=problem,
        title=title or draft.titles[0],
        dropped=dropped,
        parts=PARTS,
        alike=_alike(draft),
    )


def _draft(chosen: Chosen) -> tuple[Draft, str]:
    """The draft, or the ways of asking alone with the reason why there is no more."""
    material = material_of(db(), chosen.tickets, internal=chosen.internal)
    try:
        return composed(material, asked=chosen.asked), ""
    except Refused as refusal:
        return only_questions(material, asked=chosen.asked), sentence_of(refusal)


def _dropped(draft: Draft) -> set[str]:
    kept = set(request.form.getlist("keep"))
    return {line.key for line in draft.lines if line.key not in kept}


def _alike(draft: Draft) -> list[Result]:
    """Articles that may say it already."""
    asked = "\n".join((draft.titles[0], *(line.text for line in draft.of(Part.QUESTION)[:2])))
    near = {"system": draft.system, "module": draft.module}
    found = parts().finder.search(db(), me(), asked, kinds=(ARTICLE,), near=near, limit=ALIKE)
    return [row for row in found.results if row.trusted or row.probability >= MAYBE]


@blueprint.post("/knowledge/drafts")
@WRITES
def start() -> Response | tuple[str, int]:
    """The draft as it was ticked, opened in the editor."""
    chosen = _chosen()
    draft, _why = _draft(chosen)
    try:
        title = request.form.get("title", "")
        article = growing.start(db(), draft, title=title, by=me(), dropped=_dropped(draft))
        if chosen.gap is not None:
            deciding.adopt(db(), chosen.gap, article, by=me())
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _drawn(_chosen(), problem=sentence), 422
    flash(
        _("草稿 %(number)s 已建好，来源列在编辑页下方，请逐句核对后再提交审核。", number=article.number),
        "success",
    )
    return redirect(url_for("knowledge.edit", number=article.number))


@blueprint.post("/knowledge/drafts/words")
@WRITES
def add_words() -> Response | tuple[str, int]:
    """It exists already: its readers' words are added to it instead."""
    chosen = _chosen()
    article = article_by_number(db(), request.form.get("article", "")) or abort(404)
    draft, _why = _draft(chosen)
    kept = draft.without(_dropped(draft)) if request.form.getlist("keep") else draft
    questions = [kept.titles[0], *(line.text for line in kept.of(Part.QUESTION))]
    try:
        added = growing.add_questions(db(), article, questions, by=me())
        if chosen.gap is not None:
            deciding.settle(db(), chosen.gap, article, by=me(), note=_("补充了用户的问法"))
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _drawn(_chosen(), problem=sentence), 422
    flash(_("已把 %(n)s 句问法加到 %(number)s。", n=len(added), number=article.number), "success")
    if chosen.gap is not None:
        return redirect(url_for("gaps.record", number=chosen.gap.id))
    return redirect(url_for("knowledge.history", number=article.number))


@blueprint.app_template_global()
def draft_sources(article: Article) -> list[Sentence]:
    """Where the sentences of this article came from, for the editor's panel."""
    return sources_of(db(), article, me())
