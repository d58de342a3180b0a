"""The sample's recurrences: one alarm that waits, one that is only suspected, one that was judged false.

Those that people's links raise come by themselves with the half year (``halfyear.RECURS_EVERY``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from sqlalchemy import select

from defects.models import Defect
from defects.recurrence import GONE
from defects.signatures import runs_fix
from portal.catalogue.queries import version_in
from portal.causes import alarms
from portal.people.models import Person
from portal.people.roles import Post
from portal.sample.halfyear import Stage
from portal.tickets import desk, linking
from portal.tickets.models import Ticket
from portal.tickets.recurrence.models import WAITING, Basis, RecurrenceAlarm
from portal.tickets.recurrence.raising import raised, seen_where_fixed
from portal.tickets.words import Category

AGAIN = (
    "我们单位前几天刚升级，结果老毛病又来了：{symptom}",
    "升级通知里说修好了，可今天还是这样，{symptom}，同科室两个人都遇到。",
    "{symptom}。上次反映过一回，当时说新版本解决，现在新版本装上了也没用。",
    "{symptom}，和以前那个问题有点像，但这次是在别的菜单里点的。",
)
NOT_THE_SAME = "用户点的是旁边的菜单，报错不同，是权限没开，已另行处理。"


def relapse(stage: Stage) -> None:
    """Where too few records are repaired for that, there are fewer alarms."""
    pairs = list(_repaired(stage))
    if len(pairs) < 3:
        return
    (waits, there), (false, elsewhere), (suspected, somewhere) = pairs[:3]
    for place, days in enumerate((2, 1)):
        _linked(stage, _filed(stage, waits, there[place], place, days=days), waits)
    _judged_false(stage, _linked(stage, _filed(stage, false, elsewhere[0], 3, days=9), false))
    _suspected(stage, _filed(stage, suspected, somewhere[1], 2, days=1), suspected)


def _repaired(stage: Stage) -> Iterator[tuple[Defect, list[Person]]]:
    """Records that are gone, each with two people whose units run the repair."""
    for name in sorted(stage.records):
        record = stage.records[name]
        if record.state not in GONE or not record.symptoms or record.fixed_at is None:
            continue
        people = list(islice(_where_it_runs(stage, record), 2))
        if len(people) == 2:
            yield record, people


def _where_it_runs(stage: Stage, record: Defect) -> Iterator[Person]:
    system = stage.systems[record.system]
    for person in stage.cast.requesters:
        if runs_fix(version_in(stage.session, system, person.unit), record.fixed_in):
            yield person


def _filed(stage: Stage, record: Defect, by: Person, place: int, *, days: int) -> Ticket:
    stage.at(stage.today - timedelta(days=days, hours=3))
    request = desk.Request(
        text=AGAIN[place].format(symptom=record.symptoms[0].rstrip("。")),
        category=Category.DEFECT,
        system=stage.systems[record.system],
        module=record.module,
        requester=by,
    )
    return desk.file(stage.session, request, by=by)


def _linked(stage: Stage, ticket: Ticket, record: Defect) -> Ticket:
    linking.link(stage.session, ticket, record, by=None, probability=0.97)
    return ticket


def _judged_false(stage: Stage, ticket: Ticket) -> None:
    stage.at(stage.today - timedelta(days=8))
    waiting = next((row for row in _waiting(stage) if row.sightings[0].ticket_id == ticket.id), None)
    if waiting is not None:
        alarms.dismiss(stage.session, waiting, NOT_THE_SAME, by=stage.cast.holding(Post.ANALYST)[0])


def _waiting(stage: Stage) -> list[RecurrenceAlarm]:
    wanted = select(RecurrenceAlarm).where(RecurrenceAlarm.state.in_(WAITING))
    return list(stage.session.scalars(wanted))


def _suspected(stage: Stage, ticket: Ticket, record: Defect) -> None:
    seen = seen_where_fixed(stage.session, ticket, record, basis=Basis.LIKENESS, probability=0.58)
    if seen is not None:
        raised(stage.session, seen)
