"""Taking a defect record: opened, described or rejected by the defect library's own verbs.

A record that is new here comes as 疑似, and goes on to 已确认 where the other desk has confirmed it: our own
back repairs and our own middle verifies, whatever was done there. The state of a record that is here is
never touched by a pack. The invariant: no state jumps; each step is one of the table, with its note.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

from defects import library, moves
from defects.flow import DEAD, DefectAction, DefectDuty, DefectState
from defects.models import Defect, DefectType
from defects.queries import articles_about
from defects.texts import DefectText, text_of
from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from portal.packs import ties
from portal.packs.checking import NO_SYSTEM
from portal.packs.idents import key_of
from portal.packs.portable import DEFECT_LISTS, DEFECT_PLAIN
from portal.packs.task import Task, Ways, here_of, taken, write_on_line
from portal.packs.words import Kind

DUTIES = frozenset({DefectDuty.CURATE})
#: States in which the other desk only suspects it, or does not stand by it.
UNSURE = {state.value for state in DEAD | {DefectState.SUSPECTED}}
REJECTABLE = (DefectState.SUSPECTED, DefectState.CONFIRMED)


def _create(task: Task) -> None:
    defect = library.open_record(task.session, _text(task, None), by=task.by.id, by_hand=False)
    defect.source, defect.external_id = key_of(task.item.ident)
    task.row.before = {"state": None}
    _go_on(task, defect)
    _tie_articles(task, defect)
    taken(task, defect.id, created=True)


def _go_on(task: Task, defect: Defect) -> None:
    if task.item.state not in UNSURE:
        move(task, defect, DefectAction.CONFIRM)


def _lay_beside(task: Task) -> None:
    defect = library.open_record(task.session, _text(task, None), by=task.by.id, by_hand=False)
    task.row.before = {"beside": defect.id}
    if task.here is not None:
        write_on_line(task, task.here, content="")
    task.row.subject_id = defect.id


def _describe(task: Task, defect: Defect) -> None:
    task.row.before = {"state": defect.state.value, "text": as_json(text_of(defect))}
    if task.here is None and defect.state == DefectState.NOT_A_DEFECT:
        move(task, defect, DefectAction.REOPEN)
    library.describe(task.session, defect, _text(task, defect))
    if task.here is None and defect.state == DefectState.SUSPECTED:
        _go_on(task, defect)
    _tie_articles(task, defect)
    taken(task, defect.id)


def _reject(task: Task) -> None:
    defect: Defect | None = here_of(task)
    if defect is None or defect.state not in REJECTABLE:
        raise Refused(N_("这里的缺陷已经在处置，不能由资料包判定；请在缺陷页上处理。"))
    task.row.before = {"state": defect.state.value}
    move(task, defect, DefectAction.REJECT)
    taken(task, defect.id)


WAYS = Ways(gone=_reject, beside=_lay_beside, new=_create, known=_describe)


def move(task: Task, defect: Defect, action: DefectAction) -> None:
    moves.move(task.session, defect, action, by=task.by.id, duties=DUTIES, note=task.note)


def _text(task: Task, defect: Defect | None) -> DefectText:
    """Their content with our places; owners, deadline and the mark of a key problem stay ours."""
    content = task.item.content or {}
    settled = task.places.here(content)
    if not settled["system"] and defect is None:
        raise Refused(NO_SYSTEM, code=content["system"])
    said: dict[str, Any] = {name: content[name] for name in DEFECT_PLAIN}
    said |= {name: tuple(content[name]) for name in DEFECT_LISTS}
    said |= {"type": DefectType(content["type"]), "module": settled["module"]}
    said["system"] = settled["system"] or (defect.system if defect else "")
    if defect is None:
        return DefectText(**said)
    if said["system"] == defect.system and not said["module"]:
        said["module"] = defect.module
    return replace(text_of(defect), **said)


def _tie_articles(task: Task, defect: Defect) -> None:
    """To the articles that tell users about it, as far as they are here."""
    idents = (task.item.content or {})["articles"]
    desk = ties.this_desk(task.session).desk
    here = {row.id for row in articles_about(task.session, defect)}
    ids = ties.subjects_of(task.session, Kind.ARTICLE, idents, desk=desk).values()
    fresh = sorted(set(ids) - here)
    for number in fresh:
        library.tie(task.session, defect, task.session.get_one(Article, number))
    task.row.before = {**task.row.before, "tied": fresh}


def as_json(text: DefectText) -> dict[str, Any]:
    values = asdict(text)
    values |= {name: list(values[name]) for name in DEFECT_LISTS}
    return {**values, "type": str(text.type), "due_on": text.due_on.isoformat() if text.due_on else None}


def from_json(values: dict[str, Any]) -> DefectText:
    due = values["due_on"]
    return DefectText(
        **{**values, "type": DefectType(values["type"]), "due_on": date.fromisoformat(due) if due else None}
    )
