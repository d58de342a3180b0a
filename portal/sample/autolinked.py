"""The sample's automatic links: tickets that the system linked by itself, most of them confirmed since.

They are made by the verb that the worker uses, with the word of a model that this desk once had; one of them
was wrong, and to one other ticket an expert answered that it is none of the records shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from defects.flow import DefectState
from defects.models import Defect
from indexer.linking import Decision
from portal.causes import autolink
from portal.causes.autolink.deciding import settle
from portal.finder.proposing import Proposed
from portal.people.models import Person
from portal.sample.halfyear import Stage
from portal.tickets import desk, linking
from portal.tickets.flow import Who
from portal.tickets.models import Ticket
from portal.tickets.words import Category

MODEL = "links-612-sample"
WORKED_ON = frozenset({DefectState.CONFIRMED, DefectState.IN_PROGRESS})
RECORDS = 5
#: How long ago, how sure, and what became of it: confirmed, taken back, or nobody has looked yet.
CASES = (
    (21, 0.97, "confirmed"),
    (13, 0.98, "confirmed"),
    (6, 0.96, "confirmed"),
    (2, 0.97, ""),
    (0, 0.98, ""),
)
WRONG = 2  # of these records the second ticket was another matter
SAYING = (
    "{symptom}，麻烦尽快看一下。",
    "今天一上班就遇到：{symptom}",
    "我们所里好几个人都这样，{symptom}",
    "{symptom}。换了台电脑也一样。",
    "昨天还好好的，今天{symptom}",
)
NONE_OF_THESE = "导出的表格用别的办公软件打开后，表头合并的单元格都散开了，打印出来对不齐。"


def link(stage: Stage) -> None:
    """Where too few records are worked on for that, there are fewer links."""
    requesters = stage.cast.requesters
    records = list(_records(stage))
    for place, record in enumerate(records):
        for turn, (days, sure, fate) in enumerate(CASES):
            by = requesters[(7 * place + 3 * turn) % len(requesters)]
            text = SAYING[turn].format(symptom=record.symptoms[turn % len(record.symptoms)].rstrip("。"))
            ticket = _filed(stage, record, text, by, days=days)
            _decided(stage, ticket, record, sure=sure)
            wrong = place == WRONG and turn == 1
            _judged(stage, ticket, record, "taken back" if wrong else fate, days=days)
    if len(records) > 1:
        _none_of_these(stage, records[:2], requesters[0])


def _records(stage: Stage) -> Iterator[Defect]:
    known = [stage.records[name] for name in sorted(stage.records)]
    fitting = [row for row in known if row.state in WORKED_ON and row.symptoms]
    yield from fitting[:RECORDS]


def _filed(stage: Stage, record: Defect, text: str, by: Person, *, days: int) -> Ticket:
    stage.at(stage.today - timedelta(days=days, hours=2))
    request = desk.Request(
        text=text,
        category=Category.DEFECT,
        system=stage.systems[record.system],
        module=record.module,
        requester=by,
    )
    return desk.file(stage.session, request, by=by)


def _decided(stage: Stage, ticket: Ticket, record: Defect, *, sure: float) -> None:
    word = Proposed(Decision.LINK, record, sure, MODEL, learned=True, promised=autolink.WANTED)
    settle(stage.session, ticket, word)


def _judged(stage: Stage, ticket: Ticket, record: Defect, fate: str, *, days: int) -> None:
    experts = stage.cast.serving(Who.MIDDLE, ticket)
    if not experts or not fate:
        return
    stage.at(stage.today - timedelta(days=days - 1))
    if fate == "confirmed":
        autolink.confirm(stage.session, ticket, by=experts[0])
    else:
        linking.reject(stage.session, ticket, record, by=experts[0])


def _none_of_these(stage: Stage, shown: Sequence[Defect], by: Person) -> None:
    ticket = _filed(stage, shown[0], NONE_OF_THESE, by, days=3)
    experts = stage.cast.serving(Who.MIDDLE, ticket)
    if experts:
        chances = {shown[0].id: 0.31, shown[1].id: 0.22}
        linking.none_of_these(stage.session, ticket, list(shown), by=experts[0], chances=chances)
