"""What the two pages of a defect record show: all of it to staff, the plain words to everybody else.

Not here: routes (``defect_pages``) and the form (``defect_forms``). The invariant: an employee's page is
given no root cause, no owner and no ticket to begin with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import abort

from defects.changes import Entry, history, length_of
from defects.countermeasures import WORKED_ON, measures_of
from defects.flow import OPEN, QUIET_DAYS, DefectAction, DefectDuty, DefectState, open_to
from defects.models import SEVERITY_LABELS, Countermeasure, Defect
from defects.moves import survivor_of
from defects.queries import articles_about, defect_by_number, is_visible, visible_by_number, visible_defects
from defects.rollout import STANDING_LABELS
from indexer.words import N_
from kb.queries import is_readable
from portal.catalogue import rollout
from portal.catalogue.queries import systems_by_code
from portal.causes.keys.charging import chargeable, serves
from portal.causes.keys.overview import is_overdue
from portal.causes.keys.proof import proof_of
from portal.causes.keys.recipe import count_of, may_read, runs_seen
from portal.causes.known.standing import known_of
from portal.people.duties import article_duties, defect_duties
from portal.people.queries import people_by_id
from portal.tickets import occurrences
from portal.tickets.linking import counts_of
from portal.web import autolinking
from portal.web.defect_curves import occurrences_of
from portal.web.request import db, me, parts, viewer

TICKETS_SHOWN = 15
WORDS_SHOWN = 6
ENTRIES_SHOWN = 8
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
    return visible_by_number(db(), number, viewer()) or abort(404)


def seen_or_survivor(number: str) -> Defect:
    """The same; in place of a merged record that is not theirs to see, the one that answers for it."""
    defect = defect_by_number(db(), number)
    if defect is not None and not is_visible(defect, viewer()):
        defect = survivor_of(defect)
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """A deed on this page that was refused: what was tried, the sentence, and everything that was typed."""

    deed: str
    sentence: str
    typed: Mapping[str, str]

    def kept(self, deed: str, name: str) -> str:
        return self.typed.get(name, "") if deed == self.deed else ""


NOT_REFUSED = Refusal("", "", {})


def whole_page(defect: Defect, *, refusal: Refusal = NOT_REFUSED) -> dict[str, object]:
    squares = rollout.squares(db(), defect)
    tickets = occurrences.tickets_seen(db(), defect, me(), limit=TICKETS_SHOWN)
    duties = defect_duties(me())
    entries = history(db(), defect, limit=ENTRIES_SHOWN)
    measures = measures_of(db(), defect)
    return {
        "defect": defect,
        "refusal": refusal,
        "systems": systems_by_code(db()),
        "severities": SEVERITY_LABELS,
        "people": people_by_id(db(), named_in(defect, entries, measures)),
        "squares": squares,
        "standings": rollout.counts(squares),
        "standing_labels": STANDING_LABELS,
        "occurrences": occurrences_of(defect, today=today()),
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
        "may_plan": bool(duties) and defect.key and defect.state in WORKED_ON,
        "duplicates": duplicates_of(defect),
        "entries": entries,
        "entries_total": length_of(db(), defect),
        "today": today(),
        "is_open": defect.state in OPEN,
        "known": known_of(db(), defect, by=me(), viewer=viewer()),
        "coming_labels": rollout.COMING_LABELS,
        **_key_parts(defect, measures, duties),
        **_recipe_parts(defect),
        **autolinking.on_record(defect),
    }


def _key_parts(
    defect: Defect, measures: Sequence[Countermeasure], duties: Collection[DefectDuty]
) -> dict[str, object]:
    """What the page of a key problem shows beyond that of any other."""
    planning = bool(duties) and defect.key
    people = chargeable(db()) if planning else []
    return {
        "measures": measures,
        "measures_left": [row for row in measures if row.is_open],
        "measures_done": [row for row in measures if row.done_at is not None],
        "proof": proof_of(db(), defect) if defect.key and defect.fixed_at is not None else None,
        "quiet_days": QUIET_DAYS,
        "chargeable": sorted(people, key=lambda person: not serves(person, defect.system)),
        "overdue": is_overdue(defect, today()),
    }


def _recipe_parts(defect: Defect) -> dict[str, object]:
    shown = bool(defect.data_fix) and may_read(me())
    return {
        "recipe_shown": shown,
        "recipe_count": count_of(db(), defect) if shown else 0,
        "recipe_runs": runs_seen(db(), defect, me()) if shown else [],
    }


def named_in(
    defect: Defect, entries: Sequence[Entry] = (), measures: Sequence[Countermeasure] = ()
) -> list[int | None]:
    """Everybody whose name a page of this record says."""
    owners = [defect.owner_middle_id, defect.owner_back_id, defect.created_by]
    changed = [
        pair[place]
        for entry in entries
        if entry.change
        for name, pair in entry.change.fields.items()
        if name.startswith("owner_")
        for place in (0, 1)
    ]
    charged = [number for row in measures for number in (row.who_id, row.done_by, row.dropped_by)]
    return [*owners, *changed, *charged, *(entry.row.by_id for entry in entries)]


def duplicates_of(defect: Defect) -> list[Defect]:
    wanted = visible_defects(viewer()).where(
        Defect.duplicate_of_id == defect.id, Defect.state == DefectState.DUPLICATE
    )
    return list(db().scalars(wanted.order_by(Defect.id)))
