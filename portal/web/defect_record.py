"""What the two pages of a defect record show: all of it to staff, the plain words to everybody else.

Not here: routes (``defect_pages``) and the form (``defect_forms``). The invariant: an employee's page is
given no root cause, no owner and no ticket to begin with.
"""

from __future__ import annotations

from datetime import date, datetime

from flask import abort

from defects.flow import OPEN, DefectAction, DefectDuty, DefectState, open_to
from defects.models import SEVERITY_LABELS, Defect
from defects.queries import articles_about, defect_by_number, is_visible, visible_defects
from defects.rollout import STANDING_LABELS
from indexer.words import N_
from kb.queries import is_readable
from portal.catalogue import rollout
from portal.catalogue.queries import systems_by_code
from portal.people.duties import article_duties, defect_duties
from portal.people.queries import people_by_id
from portal.tickets import occurrences
from portal.tickets.linking import counts_of
from portal.web.request import db, me, parts, viewer

TICKETS_SHOWN = 30
WORDS_SHOWN = 6
#: A record's state in an employee's words.
PLAIN_STATES = {
    DefectState.CONFIRMED: N_("已经确认是系统的问题，正在安排修复。"),
    DefectState.IN_PROGRESS: N_("正在修复。"),
    DefectState.FIXED: N_("已经修复，正在验证。"),
    DefectState.VERIFIED: N_("已经修复并验证，正在陆续更新到各单位。"),
}


def today() -> date:
    return datetime.now(parts().settings.zone).date()


def seen(number: str) -> Defect:
    """The record with this number if the person signed in may see it; 404 otherwise."""
    defect = defect_by_number(db(), number)
    if defect is None or not is_visible(defect, viewer()):
        abort(404)
    return defect


def plain_page(defect: Defect) -> dict[str, object]:
    return {
        "defect": defect,
        "systems": systems_by_code(db()),
        "state": PLAIN_STATES.get(defect.state, ""),
        "here": rollout.standing_in(db(), defect, me().unit),
        "articles": [row for row in articles_about(db(), defect) if is_readable(row, viewer())],
    }


def whole_page(defect: Defect) -> dict[str, object]:
    squares = rollout.squares(db(), defect)
    tickets = occurrences.tickets_seen(db(), defect, me(), limit=TICKETS_SHOWN)
    weeks = occurrences.weeks_of(db(), defect, zone=parts().settings.zone, today=today())
    duties = defect_duties(me())
    return {
        "defect": defect,
        "systems": systems_by_code(db()),
        "severities": SEVERITY_LABELS,
        "people": people_by_id(db(), _named(defect)),
        "squares": squares,
        "standings": rollout.counts(squares),
        "standing_labels": STANDING_LABELS,
        "weeks": weeks,
        "weeks_json": [[week.start.isoformat(), week.tickets] for week in weeks],
        "tickets": tickets,
        "ticket_count": counts_of(db(), [defect.id]).get(defect.id, 0),
        "words": [ticket for ticket in tickets[:WORDS_SHOWN] if ticket.text not in defect.symptoms],
        "articles": [
            row for row in articles_about(db(), defect) if is_readable(row, viewer()) or article_duties(me())
        ],
        "steps": [step for step in open_to(defect.state, duties) if step.action != DefectAction.MERGE],
        "may_merge": any(step.action == DefectAction.MERGE for step in open_to(defect.state, duties)),
        "may_write": bool(duties),
        "may_tie": DefectDuty.CURATE in duties,
        "duplicates": duplicates_of(defect),
        "today": today(),
        "is_open": defect.state in OPEN,
    }


def _named(defect: Defect) -> list[int | None]:
    owners = [defect.owner_middle_id, defect.owner_back_id, defect.created_by]
    return [*owners, *(move.by_id for move in defect.moves)]


def duplicates_of(defect: Defect) -> list[Defect]:
    wanted = visible_defects(viewer()).where(
        Defect.duplicate_of_id == defect.id, Defect.state == DefectState.DUPLICATE
    )
    return list(db().scalars(wanted.order_by(Defect.id)))
