"""The sample's quality work: rules, a sheet, calls to users, scores, one appeal turned down and one waiting.

Played by the verbs of ``portal.quality`` under the simulated clock, over tickets closed in the last days.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.columns import now
from portal.people.models import Person
from portal.people.roles import Permission, Post
from portal.quality import appeals, follow_ups, inspections, rules, sampling, sheets
from portal.quality.follow_ups import Heard
from portal.quality.models import FollowUp, Inspection, SheetVersion
from portal.quality.rules import RuleText
from portal.quality.scoring import Grade, Item, Mark, Section, Sheet, sheet_from
from portal.quality.words import Kind, NextStep, Per
from portal.sample.halfyear import Stage
from portal.sample.material import read
from portal.tickets.visibility import permissions_on

SOURCE = "quality.yaml"
#: The rules come into force so many days ago; what was drawn in the last day still waits.
SINCE = timedelta(days=21)
#: The newest of what was drawn, that nobody has come to yet.
WAITING = {FollowUp: 10, Inspection: 12}
#: Only what was heard so lately still has work waiting behind it.
LATELY = timedelta(days=7)
SEED = 20260402


def play_quality(stage: Stage) -> None:
    """Rules and sheets first, then the draws, then the work of the people of the front.

    With dice of its own, so that nothing else of the sample changes with it.
    """
    stage = replace(stage, dice=random.Random(SEED))  # noqa: S311 - believable, not secret
    written = read(SOURCE)
    manager = stage.cast.holding(Post.MANAGER)[0]
    stage.at(stage.today - SINCE)
    _lay_down(stage.session, written, manager)
    stage.at(stage.today)
    for kind in Kind:
        while drawn := sampling.draw(stage.session, kind, stage.today):
            _as_if_at_once(drawn)
    _ring(stage, written["calls"])
    _score(stage, written["scores"])
    stage.at(stage.today)


def _lay_down(session: Session, written: dict[str, Any], manager: Person) -> None:
    for number, row in enumerate(written["rules"]):
        text = RuleText(
            kind=Kind(row["kind"]),
            name=row["name"],
            percentage=row["percentage"],
            categories=tuple(row.get("categories", ())),
            rating_at_most=row.get("rating_at_most"),
            reopened=bool(row.get("reopened")),
            overdue=bool(row.get("overdue")),
            at_most=row.get("at_most"),
            per=Per(row.get("per", Per.AGENT)),
        )
        rules.save(session, None, text, by=manager, salt=f"sample-{number}")
    for row in written["sheets"]:
        categories = tuple(row.get("categories", ()))
        sheets.save(session, None, row["name"], categories=categories, content=_sheet(row), by=manager)


def _sheet(row: dict[str, Any]) -> Sheet:
    sections = tuple(
        Section(title, tuple(_item(item) for item in items)) for title, items in row["sections"].items()
    )
    return Sheet(sections, tuple(Grade(name, at_least) for name, at_least in row["grades"].items()))


def _item(row: dict[str, Any]) -> Item:
    return Item(row["text"], row.get("weight", 0), bool(row.get("veto")))


# ── calls ────────────────────────────────────────────────────────────────────────────────────────


def _ring(stage: Stage, calls: list[dict[str, Any]]) -> None:
    for number, row in enumerate(_reached(stage, FollowUp)):
        told = calls[number % len(calls)]
        start = _worked_on(stage, row)
        caller = _colleague(stage, row, Permission.FOLLOW_UP)
        if caller is not None:
            stage.at(start)
            _rung(stage, row, told, caller)


def _rung(stage: Stage, row: FollowUp, told: dict[str, Any], caller: Person) -> None:
    if told.get("missed"):
        again = now(stage.session) + timedelta(hours=3)
        follow_ups.not_reached(stage.session, row, by=caller, words=told["missed"], again=again)
        if not told.get("words"):
            return
        stage.at(again)
    then = NextStep(told.get("then", NextStep.NOTHING))
    old = now(stage.session) < stage.today - LATELY
    if old or (then == NextStep.REOPEN and not follow_ups.may_reopen(row)):
        then = NextStep.NOTHING
    heard = Heard(told["solved"], told["satisfaction"], told["words"], then, told.get("request", ""))
    follow_ups.reached(stage.session, row, heard, by=caller)


# ── scores ───────────────────────────────────────────────────────────────────────────────────────


def _score(stage: Stage, scores: list[dict[str, Any]]) -> None:
    appealed = 0
    for number, row in enumerate(_reached(stage, Inspection)):
        start = _worked_on(stage, row)
        version = sheets.version_for(stage.session, row.ticket)
        inspector = _colleague(stage, row, Permission.INSPECT)
        if version is None or inspector is None:
            continue
        stage.at(start)
        told = scores[number % len(scores)]
        marks = _marks(stage, version, told)
        inspections.score(stage.session, row, version, marks=marks, by=inspector, remark=told["remark"])
        if "appeal" in told and (not appealed or start > stage.today - LATELY):
            appealed += _appealed(stage, row, told, start, decide=not appealed)


def _marks(stage: Stage, version: SheetVersion, told: dict[str, Any]) -> dict[str, Mark]:
    """What this inspector thought: the written marks in turn, with the written comment under a low one."""
    sheet = sheet_from(version.content)
    marks = {}
    for place, (key, item) in enumerate(sheet.keyed()):
        if item.veto:
            marks[key] = Mark()
            continue
        score = told["marks"][place % len(told["marks"])]
        marks[key] = Mark(score, comment=told["comment"] if score < sheet.comment_below else "")
    return marks


def _appealed(stage: Stage, row: Inspection, told: dict[str, Any], start: datetime, *, decide: bool) -> int:
    """The first is decided, the next waits for somebody."""
    appeal_at = min(start + timedelta(hours=4), stage.today - timedelta(minutes=20))
    if row.appeal_until is None or not start < appeal_at <= row.appeal_until:
        return 0
    stage.at(appeal_at)
    appeals.appeal(stage.session, row, told["appeal"], by=row.agent)
    decider = _colleague(stage, row, Permission.DECIDE_APPEALS, without={given.by_id for given in row.scores})
    if decide and decider is not None:
        stage.at(appeal_at + timedelta(hours=2))
        appeals.keep(stage.session, row, told["answer"], by=decider)
    return 1


# ── who and when ─────────────────────────────────────────────────────────────────────────────────


def _as_if_at_once(drawn: list[FollowUp | Inspection]) -> None:
    """The worker draws within minutes of the close."""
    for row in drawn:
        if row.ticket.closed_at is not None:
            row.drawn_at = row.ticket.closed_at + timedelta(minutes=5)


def _reached(stage: Stage, model: Any) -> list[Any]:
    """What people have come to, the oldest first; the newest still wait."""
    rows = list(stage.session.scalars(select(model).order_by(model.drawn_at, model.id)))
    return rows[: -WAITING[model]]


def _worked_on(stage: Stage, row: FollowUp | Inspection) -> datetime:
    soonest = inspections.after_working_days(row.drawn_at, stage.dice.randrange(1, 3))
    latest = stage.today - timedelta(minutes=30)
    return max(row.drawn_at + timedelta(minutes=5), min(soonest, latest))


def _colleague(
    stage: Stage, row: FollowUp | Inspection, permission: Permission, *, without: set[int] | None = None
) -> Person | None:
    """Somebody whose posts bring the permission on this ticket, other than whoever answered it."""
    barred = {row.agent_id, *(without or ())}
    fitting = [
        person
        for person in stage.cast.people
        if person.id not in barred and permission in permissions_on(person, row.ticket)
    ]
    return stage.dice.choice(fitting) if fitting else None
