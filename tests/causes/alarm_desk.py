"""A desk for tests of alarms: repaired records, tickets from where the repair runs and from where it doesn't.

The marketing system runs 6.2.1 in 岭东 (王小雨) and 6.1.8 in 海陵 (赵海陵).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect
from defects.texts import DefectText
from indexer.linking import Decision
from kb.columns import now
from portal.causes.autolink.models import Held, LinkDecision
from portal.finder.proposing import digest_of
from portal.people.models import Person
from portal.tickets import desk
from portal.tickets.models import Notice, Ticket
from portal.tickets.recurrence.models import RecurrenceAlarm
from portal.tickets.words import Category
from tests.world import World

CODE = "MKT-E2201"
SAYS = f"阶梯电费又多算了一遍，报错 {CODE}"
FIXED = (DefectAction.CONFIRM, DefectAction.START, DefectAction.FIX)
VERIFIED = (*FIXED, DefectAction.VERIFY)
CLOSED = (*VERIFIED, DefectAction.CLOSE)


@dataclass(frozen=True, slots=True)
class AlarmDesk:
    session: Session
    world: World

    @property
    def expert(self) -> Person:
        return self.world.people["expert"]

    def record(
        self, *actions: DefectAction, fixed_in: str = "6.2.0", title: str = "阶梯电费重复累计", **more: Any
    ) -> Defect:
        text = DefectText(
            title=title,
            system="mkt",
            cause="缓存没有清",
            fixed_in=fixed_in,
            codes=(CODE,),
            owner_middle_id=self.expert.id,
            owner_back_id=self.world.people["engineer"].id,
            **more,
        )
        defect = library.open_record(self.session, text, by=self.expert.id)
        for action in actions or VERIFIED:
            moves.move(self.session, defect, action, by=self.expert.id, duties=set(DefectDuty))
        return defect

    def ticket(
        self,
        by: str = "wang",
        *,
        text: str = SAYS,
        system: str = "mkt",
        running: str | None = None,
    ) -> Ticket:
        who = self.world.people[by]
        wanted = desk.Request(
            text=text, category=Category.DEFECT, system=self.world.systems[system], requester=who
        )
        filed = desk.file(self.session, wanted, by=who)
        if running is not None:
            filed.running_version = running
            self.session.flush()
        return filed

    def decided(
        self,
        ticket: Ticket,
        defect: Defect,
        decision: Decision = Decision.LINK,
        *,
        held: Held | None = None,
        probability: float = 0.97,
    ) -> None:
        """What the model of links said of this ticket."""
        moment = now(self.session)
        self.session.add(
            LinkDecision(
                ticket=ticket,
                digest=digest_of(ticket),
                at=moment,
                seen_at=moment,
                model="links-test",
                decision=decision,
                defect=defect,
                probability=probability,
                held=held,
            )
        )
        self.session.flush()

    def alarms(self, defect: Defect) -> list[RecurrenceAlarm]:
        wanted = select(RecurrenceAlarm).where(RecurrenceAlarm.defect_id == defect.id)
        return list(self.session.scalars(wanted.order_by(RecurrenceAlarm.id)))

    def told(self, event: str) -> list[Notice]:
        return list(self.session.scalars(select(Notice).where(Notice.event == event)))
