"""What the system links by itself: how precise that has been, what it linked, and who stopped it when.

Deciding and measuring are ``causes.autolink``'s. The invariants: nobody is shown a percentage before anybody
has looked; a ticket is named only to those whose posts serve it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from indexer.document import Mode
from indexer.linking import NEVER, LinkModel
from kb.flow import Refused
from portal.causes import autolink
from portal.causes.autolink.fates import FATE_LABELS, Made
from portal.causes.autolink.listing import how_many_seen, links_on, links_seen, pauses
from portal.causes.autolink.models import LinkPause
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("autolinking", __name__)

READS = needs(Permission.READ_LEARNING)
STEERS = needs(Permission.STEER_LEARNING)
ON_RECORD = 10


@dataclass(frozen=True, slots=True)
class State:
    """What automatic linking does now, and why."""

    model: LinkModel
    wanted: float
    pause: LinkPause | None
    standing: autolink.Standing
    former: bool = False
    """What serves now has linked nothing yet: this is how the one before it stood."""

    @property
    def earned(self) -> bool:
        """Has measured precision on held-out judgements reached what is promised?"""
        return (
            not self.model.cold_start and self.model.link_from < NEVER and self.model.promised >= self.wanted
        )

    @property
    def goes_on(self) -> bool:
        return self.earned and self.pause is None


def state_now() -> State:
    index, wanted = parts().finder.index, parts().settings.link_precision
    mode = Mode.HYBRID if index.status().mode is Mode.HYBRID else Mode.LEXICAL
    model = index.promotions.links(f"links_{mode}")
    pause = autolink.pause_of(db(), model.version)
    stands = autolink.standing(db(), model.version)
    if stands.links:
        return State(model, wanted, pause, stands)
    before = autolink.standing(db())
    return State(model, wanted, pause, before, former=before.links > 0)


@blueprint.get("/learning/automatic")
@READS
def page() -> str:
    return _page()


def _page(problem: str = "", note: str = "") -> str:
    cursor = pages(how_many_seen(db(), me()))
    stops = pauses(db())
    return render_template(
        "autolink/page.html",
        state=state_now(),
        links=links_seen(db(), me(), limit=cursor.per_page, offset=cursor.offset),
        fates=FATE_LABELS,
        cursor=cursor,
        pauses=stops,
        people=people_by_id(db(), [number for row in stops for number in (row.by_id, row.ended_by_id)]),
        steers=me().may(Permission.STEER_LEARNING),
        problem=problem,
        note=note,
        here="autolinking.page",
    )


@blueprint.post("/learning/automatic/pause")
@STEERS
def pause() -> Response:
    note = request.form.get("note", "")
    try:
        autolink.pause(db(), by=me(), note=note, wanted=parts().settings.link_precision)
    except Refused as refusal:
        return _refused(refusal, note)
    flash(_("自动关联已暂停；已有的关联不变。"), "success")
    return redirect(url_for("autolinking.page"))


@blueprint.post("/learning/automatic/resume")
@STEERS
def resume() -> Response:
    try:
        autolink.resume(db(), by=me())
    except Refused as refusal:
        return _refused(refusal)
    flash(_("自动关联已恢复，从现在起重新统计。"), "success")
    return redirect(url_for("autolinking.page"))


def _refused(refusal: Refused, note: str = "") -> Response:
    sentence = sentence_of(refusal)
    db().rollback()
    return make_response(_page(sentence, note), 422)


def on_record(defect: Defect) -> dict[str, Any]:
    """For the record's page: what the system linked to it, as far as the reader serves the tickets."""
    found: list[Made] = links_on(db(), me(), defect, limit=ON_RECORD)
    return {"automatic_links": found, "automatic_fates": FATE_LABELS}
