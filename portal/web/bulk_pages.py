"""Bulk deeds on the pages: choosing on the list, what the deed is given, preview, progress, result, undo.

Somebody's bulk deed is theirs alone; anybody else finds nothing there. Which deeds there are and who may
give them stands in ``portal.tickets.bulk.deeds``; every ticket is asked again there.
"""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from defects.models import Defect
from defects.queries import defect_by_number, is_visible
from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.people.queries import person_by_login
from portal.tickets.bulk import choosing, job, standing
from portal.tickets.bulk.candidates import Candidate, candidates
from portal.tickets.bulk.deeds import GIVERS, UNDO_MINUTES, spec_of
from portal.tickets.bulk.models import FATE_LABELS, PHASE_LABELS, Bulk, Deed, Fate, Phase
from portal.tickets.bulk.parts import carry_on
from portal.tickets.bulk.standing import MOVING
from portal.tickets.words import PRIORITY_LABELS
from portal.web.access import needs
from portal.web.labels import named, translated
from portal.web.list_asked import asked_by_form, back, blueprint
from portal.web.paging import pages
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, viewer

PER_PAGE = 50
#: In the order of interest: what did not go, then what did.
SHOWN = (Fate.FAILED, Fate.KEPT, Fate.REFUSED, Fate.READY, Fate.DONE, Fate.UNDONE, Fate.CHOSEN)


def chosen_bulk(number: int) -> Bulk:
    return standing.bulk_of(db(), me(), number) or abort(404)


@blueprint.get("/queues/bulk")
@needs(*GIVERS)
def bulks() -> str:
    """What I have given lately."""
    rows = standing.recent(db(), me())
    return render_template(
        "queues/bulks.html", bulks=[(row, spec_of(row.deed)) for row in rows], phases=PHASE_LABELS
    )


@blueprint.post("/queues/bulk")
@needs(*GIVERS)
def begin_bulk() -> Response:
    """The tickets ticked on the list, or all of it; what the deed needs is asked next."""
    name = request.form.get("deed", "")
    if name not in set(Deed):
        abort(404)
    chosen = _all_or_ticked()
    bulk = choosing.begin(db(), me(), Deed(name), chosen, back=back())
    if not spec_of(bulk.deed).gives:
        job.preview(db(), bulk)
    return _to(bulk)


def _all_or_ticked() -> dict[int, int]:
    if request.form.get("all"):
        return choosing.all_of(db(), me(), asked_by_form())
    return choosing.seen_of(db(), me(), _ticked(request.form))


def _ticked(form: MultiDict[str, str]) -> dict[int, int]:
    """id → version, of values like "17:3"; anything else was not ticked on our page."""
    pairs = [value.partition(":") for value in form.getlist("ticket")]
    return {
        int(number): int(version)
        for number, _colon, version in pairs
        if number.isdecimal() and version.isdecimal() and len(number) < 12 and len(version) < 12
    }


def _to(bulk: Bulk) -> Response:
    return redirect(url_for("queues.bulk", number=bulk.id))


@blueprint.get("/queues/bulk/<int:number>")
@needs(*GIVERS)
def bulk(number: int) -> str:
    return _page(chosen_bulk(number))


def _page(row: Bulk, *, error: str = "", given: MultiDict[str, str] | None = None) -> str:
    counts = standing.counted(db(), row)
    cursor = pages(sum(counts.values()), per_page=PER_PAGE)
    items = standing.items_of(db(), row, SHOWN, limit=PER_PAGE, offset=cursor.offset)
    return render_template(
        "queues/_bulk.html" if is_fragment() else "queues/bulk.html",
        bulk=row,
        spec=spec_of(row.deed),
        counts=counts,
        total=sum(counts.values()),
        settled=sum(counts.values()) - counts.get(_AWAITED.get(row.phase, Fate.KEPT), 0),
        moving=row.phase in MOVING,
        items=items,
        cursor=cursor,
        fates=FATE_LABELS,
        sentence=lambda item: translated(item.sentence, **item.values),
        phases=PHASE_LABELS,
        shown=[(fate, FATE_LABELS[fate], counts[fate]) for fate in SHOWN if counts.get(fate)],
        people=_people(row) if "person" in spec_of(row.deed).gives else [],
        priorities=PRIORITY_LABELS,
        may_undo=job.may_undo(db(), row),
        minutes=UNDO_MINUTES,
        error=error,
        given=given if given is not None else _given_before(row),
    )


#: What is still to come in each moving phase.
_AWAITED = {Phase.CHECKING: Fate.CHOSEN, Phase.RUNNING: Fate.READY, Phase.UNDOING: Fate.DONE}


def _given_before(row: Bulk) -> MultiDict[str, str]:
    return MultiDict(
        {
            "note": row.note,
            "person": row.person.login if row.person else "",
            "defect": row.defect.number if row.defect else "",
            "priority": str(row.priority or ""),
            "internal": "1" if row.internal else "",
        }
    )


def _people(row: Bulk) -> list[tuple[str, str]]:
    """Whom to offer, as (login, words)."""
    if row.phase not in (Phase.CHOSEN, Phase.PREVIEWED):
        return []
    return [(one.person.login, _words(one)) for one in candidates(db(), row)]


def _words(one: Candidate) -> str:
    return _(
        "%(name)s · %(unit)s（能接 %(fits)s 张，手上 %(n)s 张）",
        name=named(one.person),
        unit=named(one.person.unit),
        fits=one.fits,
        n=one.load,
    )


@blueprint.post("/queues/bulk/<int:number>/preview")
@needs(*GIVERS)
def preview_bulk(number: int) -> Response | str | tuple[str, int]:
    """Check every ticket against what was typed; a refusal keeps all of it."""
    row = chosen_bulk(number)
    try:
        _preview(row)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _page(chosen_bulk(number), error=sentence, given=request.form), 422
    return _to(row)


def _preview(row: Bulk) -> None:
    form = request.form
    level = form.get("priority", "")
    job.preview(
        db(),
        row,
        note=form.get("note", ""),
        internal=bool(form.get("internal")),
        priority=int(level) if level in {str(one) for one in PRIORITY_LABELS} else None,
        person=_person(form.get("person", "").strip()),
        defect=_defect(form.get("defect", "").strip()),
    )


def _person(login: str) -> Person | None:
    if not login:
        return None
    found = person_by_login(db(), login)
    if found is None or not found.active:
        raise Refused(N_("没有这位同事，请从名单里选。"))
    return found


def _defect(number: str) -> Defect | None:
    if not number:
        return None
    found = defect_by_number(db(), number)
    if found is None or not is_visible(found, viewer()):
        raise Refused(N_("没有这个编号的缺陷，请核对后再关联。"))
    return found


@blueprint.post("/queues/bulk/<int:number>/apply")
@needs(*GIVERS)
def apply_bulk(number: int) -> Response:
    row = chosen_bulk(number)
    job.apply(db(), row)
    return _to(row)


@blueprint.post("/queues/bulk/<int:number>/on")
@needs(*GIVERS)
def carry_bulk_on(number: int) -> Response | str:
    """The next part; the page asks while it shows the progress."""
    row = chosen_bulk(number)
    carry_on(db(), row)
    return _page(row) if is_fragment() else _to(row)


@blueprint.post("/queues/bulk/<int:number>/undo")
@needs(*GIVERS)
def undo_bulk(number: int) -> Response:
    row = chosen_bulk(number)
    job.undo(db(), row)
    return _to(row)
