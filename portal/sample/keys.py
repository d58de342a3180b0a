"""What is being done about the sample's key problems: countermeasures, words on how it goes, one closed.

The texts are in ``keys.yaml``; all of it goes through the verbs, on the days that are named there. A few key
problems have nothing planned, as on every desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from defects import countermeasures, library
from defects.countermeasures import Plan
from defects.flow import DefectAction, DefectDuty, DefectState
from defects.models import Defect
from defects.texts import text_of
from kb.columns import CLOCK
from portal.causes import life
from portal.causes.keys import charging
from portal.causes.keys.proof import proof_of
from portal.causes.life import Given
from portal.people.models import Person
from portal.sample import material

DUTIES = frozenset(DefectDuty)


def tackle(session: Session, records: Mapping[str, Defect], *, today: datetime) -> None:
    """Play every entry of the file whose record is open to it."""
    for name, entry in material.read("keys.yaml").items():
        defect = records[name]
        if defect.state in countermeasures.WORKED_ON and defect.owner_middle_id and defect.owner_back_id:
            _tackle(session, defect, entry, today=today)
    session.info[CLOCK] = today


def _tackle(session: Session, defect: Defect, entry: Mapping[str, Any], *, today: datetime) -> None:
    people = {
        "middle": session.get_one(Person, defect.owner_middle_id),
        "back": session.get_one(Person, defect.owner_back_id),
    }
    by = people["middle"]
    if promoted := entry.get("promote"):
        session.info[CLOCK] = today - timedelta(days=55)
        text = replace(text_of(defect), key=True, due_on=_day(today, promoted["due"]))
        library.describe(session, defect, text, by=by.id, reason=promoted["why"])
    for row in entry["measures"]:
        _measure(session, defect, row, people, today=today)
    for word in entry.get("words", ()):
        session.info[CLOCK] = today - timedelta(days=word["ago"], hours=2)
        library.remark(session, defect, word["say"], by=people[word["by"]].id)
    session.info[CLOCK] = today - timedelta(days=3)
    if "due" in entry:
        due_on = _day(today, entry["due"])
        library.postpone(session, defect, due_on, by=by.id, duties=DUTIES, reason=entry["why"])
    if "close" in entry and defect.state == DefectState.VERIFIED and proof_of(session, defect).holds:
        given = Given(evidence=entry["close"])
        life.move(session, defect, DefectAction.CLOSE, by=by, given=given)


def _measure(
    session: Session,
    defect: Defect,
    row: Mapping[str, Any],
    people: Mapping[str, Person],
    *,
    today: datetime,
) -> None:
    session.info[CLOCK] = today + timedelta(days=row["planned"])
    who = people[row["who"]]
    plan = Plan(row["what"], who.id, _day(today, row["due"]), row["when"])
    measure = charging.plan(session, defect, plan, by=people["middle"])
    if "done" in row:
        session.info[CLOCK] = today + timedelta(days=row["done"])
        countermeasures.finish(session, measure, by=who.id, duties=DUTIES, result=row["result"])


def _day(today: datetime, days: int) -> date:
    return (today + timedelta(days=days)).date()
