"""Links by the system: only what is promised, once, never against a person; and what people make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from defects.flow import DefectAction
from defects.models import Defect
from indexer.index import Index
from indexer.linking import NEVER, Decision, LinkModel, cold_start
from kb.columns import CLOCK
from kb.flow import Refused
from portal.causes import autolink, life
from portal.causes.autolink.fates import Fate, made
from portal.causes.autolink.listing import links_on, links_seen
from portal.causes.autolink.models import Held, LinkDecision, LinkPause
from portal.causes.autolink.rounds import due, one_round
from portal.causes.life import Given
from portal.finder import linking as finder_linking
from portal.finder.judgements import cases
from portal.finder.proposing import digest_of, is_ready, proposed
from portal.people.models import AuditEntry, Person
from portal.tickets import desk, linking
from portal.tickets.models import DefectLink, LinkVerdict, Notice, Ticket
from portal.tickets.notices import Event
from portal.tickets.words import Action, Category
from tests.finder.conftest import Desk, desk_of, index, maker
from tests.statements import statements_sent
from tests.world import MOMENT

__all__ = ["desk_of", "index", "maker"]
SAID = "升级以后电费核算页面一直转圈打不开，报错 0x80070005，大家都这样"


def sure(**more: float) -> LinkModel:
    """A learned model that links whatever matches at all."""
    values: dict[str, object] = {"cold_start": False, "bias": 9.0, "link_from": 0.5, "pairs": 200, **more}
    return replace(cold_start(), **values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scene:
    """A desk with one known record, and a model that is sure of itself."""

    desk: Desk
    record: Defect
    other: Defect

    @property
    def session(self) -> Session:
        return self.desk.session

    @property
    def people(self) -> dict[str, Person]:
        return self.desk.world.people

    def considered(self, text: str = SAID, **more: object) -> tuple[Ticket, autolink.Considered | None]:
        ticket = self.desk.ticket(text, **more)  # type: ignore[arg-type]
        return ticket, autolink.consider(self.session, self.desk.finder, ticket)

    def serve(self, model: LinkModel) -> None:
        self.desk.index.promotions.promote("links_lexical", model)


@pytest.fixture
def scene(desk_of: Desk) -> Scene:
    desk_of.session.info[CLOCK] = MOMENT
    record = desk_of.defect(
        "电费核算页面一直转圈", symptoms=["升级以后电费核算页面一直转圈打不开"], codes=["0x80070005"]
    )
    other = desk_of.defect("抄表数据导入后电量翻倍", symptoms=["导入抄表数据之后电量翻倍了"])
    desk_of.consume()
    made_scene = Scene(desk_of, record, other)
    made_scene.serve(sure())
    return made_scene


def test_what_is_sure_is_linked_marked_and_written_down_for_colleagues(scene: Scene) -> None:
    ticket, found = scene.considered()
    assert found is not None
    assert (found.decision, found.defect, found.linked) == (Decision.LINK, scene.record, True)
    live = ticket.defect_links[-1]
    assert live.is_automatic
    assert live.probability == pytest.approx(found.probability)
    assert ticket.trail[-1].action == Action.AUTO_LINK
    assert ticket.trail[-1].by_id is None
    assert scene.record.number in ticket.trail[-1].note
    assert cases(scene.session) == []  # nothing is learned of it until a person has spoken


def test_it_decides_what_the_workbench_shows(scene: Scene) -> None:
    for text in (SAID, "抄表数据导入后电量翻倍了，和升级有关吗", "请问在哪里申请开通打印权限"):
        ticket = scene.desk.ticket(text)
        found = proposed(scene.session, scene.desk.index, ticket)
        shown = scene.desk.finder.likely_defects(scene.session, scene.people["expert"], ticket)
        assert found is not None
        assert found.decision == finder_linking.decision_on(shown)
        if shown:
            assert found.defect is not None
            assert found.defect.id == shown[0].id
            assert found.probability == pytest.approx(shown[0].probability)


def test_the_same_words_are_weighed_once(scene: Scene) -> None:
    scene.serve(sure(link_from=NEVER))
    ticket, found = scene.considered()
    assert found is not None
    assert found.decision is Decision.SUGGEST
    scene.serve(sure())
    assert autolink.consider(scene.session, scene.desk.finder, ticket) == found
    ticket.text = f"{SAID}。今天又出现一次"
    scene.session.flush()
    again = autolink.consider(scene.session, scene.desk.finder, ticket)
    assert again is not None
    assert again.linked
    assert scene.session.scalar(select(func.count(LinkDecision.id))) == 2


def test_what_nobody_has_measured_or_promised_enough_is_not_linked(scene: Scene) -> None:
    scene.serve(cold_start())
    _ticket, cold = scene.considered()
    assert cold is not None
    assert cold.decision is not Decision.LINK
    scene.serve(sure(promised=0.9))
    ticket, less = scene.considered()
    assert less is not None
    assert (less.decision, less.held, less.linked) == (Decision.LINK, Held.PROMISE, False)
    assert ticket.defect is None


def test_what_a_person_said_of_the_same_words_is_not_said_against(scene: Scene) -> None:
    """A machine files the same words again and again: one "no" is enough, and one taken back is none."""
    ticket, first = scene.considered()
    assert first is not None
    assert first.linked
    expert = scene.people["expert"]
    linking.reject(scene.session, ticket, scene.record, by=expert)
    _again, held = scene.considered()
    assert held is not None
    assert (held.decision, held.held, held.linked) == (Decision.LINK, Held.CONTRADICTED, False)
    _other, elsewhere = scene.considered(f"{SAID}。今天又出现一次")
    assert elsewhere is not None
    assert elsewhere.linked
    linking.undo(scene.session, ticket, scene.record, by=expert)
    _free, linked = scene.considered()
    assert linked is not None
    assert linked.linked


def test_complaints_ended_and_judged_tickets_are_left_alone(scene: Scene) -> None:
    _complaint, nothing = scene.considered(category=Category.COMPLAINT, sub="system")
    assert nothing is None
    ticket = scene.desk.ticket(SAID)
    linking.reject(scene.session, ticket, scene.record, by=scene.people["expert"])
    assert autolink.consider(scene.session, scene.desk.finder, ticket) is None
    linking.undo(scene.session, ticket, scene.record, by=scene.people["expert"])
    assert autolink.consider(scene.session, scene.desk.finder, ticket) is None  # a person has been at it
    gone = scene.desk.ticket(SAID)
    desk.move(scene.session, gone, Action.CANCEL, by=gone.requester)
    assert autolink.consider(scene.session, scene.desk.finder, gone) is None
    _control, linked = scene.considered()
    assert linked is not None
    assert linked.linked


def test_a_person_confirms_and_from_then_on_it_teaches(scene: Scene) -> None:
    ticket, _found = scene.considered()
    expert = scene.people["expert"]
    row = autolink.confirm(scene.session, ticket, by=expert)
    assert (row.by_id, row.defect, row.is_live) == (expert.id, scene.record, True)
    assert linking.was_automatic(row)
    assert [case.right for case in cases(scene.session)] == [scene.record.id]
    assert ticket.trail[-1].action == Action.AUTO_KEPT
    with pytest.raises(Refused):
        autolink.confirm(scene.session, ticket, by=expert)
    with pytest.raises(Refused):
        autolink.confirm(scene.session, scene.considered()[0], by=scene.people["engineer"])


def fates(scene: Scene) -> list[Fate]:
    return [one.fate for one in made(scene.session, select(LinkDecision).order_by(LinkDecision.id))]


def test_fates_follow_from_what_people_did(scene: Scene) -> None:
    session, expert, agent = scene.session, scene.people["expert"], scene.people["agent"]
    tickets = [scene.considered()[0] for _ in range(7)]
    untouched, confirmed, undone, rejected, elsewhere, parked, merged = tickets
    autolink.confirm(session, confirmed, by=expert)
    linking.undo(session, undone, scene.record, by=expert)
    linking.reject(session, rejected, scene.record, by=expert)
    linking.link(session, elsewhere, scene.other, by=expert)
    desk.move(session, parked, Action.TAKE, by=agent)
    desk.move(session, parked, Action.ESCALATE, by=agent, given=desk.Given(note="请看"))
    desk.move(session, parked, Action.RULE, by=expert, given=desk.Given(category=Category.DEFECT))
    desk.move(session, parked, Action.PARK, by=expert, given=desk.Given(note="等修复"))
    linking.link(session, merged, scene.other, by=expert)
    assert parked.defect_links[-1].by_id == expert.id  # parking is a person's word as well
    assert untouched.defect_links[-1].is_automatic
    yes, no, open_ = Fate.CONFIRMED, Fate.TAKEN_BACK, Fate.STANDING
    assert fates(scene) == [open_, yes, no, no, no, yes, no]
    life.move(session, scene.record, DefectAction.MERGE, by=expert, given=Given(into=scene.other))
    # What had been moved to the surviving record turns out to have been right.
    assert fates(scene) == [open_, yes, no, no, yes, yes, yes]
    assert untouched.defect is scene.other
    assert untouched.defect_links[-1].is_automatic
    stood = autolink.standing(session)
    assert (stood.looked_at, stood.right, stood.unseen, stood.young) == (6, 4, 1, 1)
    assert stood.precision == pytest.approx(4 / 6)
    assert stood.lower < 4 / 6 < stood.upper


def test_whoever_serves_the_ticket_finds_it_in_the_lists(scene: Scene) -> None:
    ticket, _found = scene.considered()
    foreign, _other = scene.considered(system="oa")
    for login, seen in (("expert", {ticket.id}), ("analyst", {ticket.id, foreign.id}), ("wang", set())):
        person = scene.people[login]
        assert {one.decision.ticket_id for one in links_seen(scene.session, person, limit=9)} == seen
        on_record = links_on(scene.session, person, scene.record, limit=9)
        assert {one.decision.ticket_id for one in on_record} == seen, login


def test_lists_ask_no_more_often_because_there_is_more(scene: Scene, engine: Engine) -> None:
    def statements() -> int:
        scene.session.commit()
        scene.session.expire_all()
        analyst = scene.session.get_one(Person, scene.people["analyst"].id)
        assert analyst.posts
        with statements_sent(engine) as asked:
            for one in links_seen(scene.session, analyst, limit=20):
                assert one.decision.ticket.title
                assert one.decision.defect is not None
        return len(asked)

    scene.considered()
    few = statements()
    for login in ("wang", "zhao", "wang"):
        scene.considered(by=login)
    assert statements() == few


# ── when it no longer keeps its promise ──────────────────────────────────────────────────────────


def counted_as(right: int, wrong: int, *, unseen: int = 0, young: int = 0) -> autolink.Standing:
    return autolink.Standing("m", looked_at=right + wrong, right=right, unseen=unseen, young=young)


def test_a_stop_needs_evidence_and_only_wrong_links_are_evidence() -> None:
    for wrong in range(30):
        for right in range(0, 120, 3):
            stops = counted_as(right, wrong).breaks(0.95)
            assert not (stops and wrong < 3)
            # Whatever speaks for the model never stops it, whatever speaks against it never lets it go on.
            assert not (counted_as(right + 1, wrong).breaks(0.95) and not stops)
            assert not (stops and not counted_as(right, wrong + 1).breaks(0.95))
            assert not (counted_as(right, wrong, young=5).breaks(0.95) and not stops)
            assert counted_as(right, wrong, unseen=40).breaks(0.95) == stops
    assert counted_as(0, 3).breaks(0.95)
    assert counted_as(28, 6).breaks(0.95)
    assert not counted_as(57, 3).breaks(0.95)
    assert not counted_as(0, 3, young=57).breaks(0.95)  # people contradict sooner than they confirm


def chance_of_a_stop(precision: float, looks: int) -> float:
    """Exactly: that the rule stops such a model at any of so many looks."""
    alive, stopped = {0: 1.0}, 0.0
    for look in range(1, looks + 1):
        after: dict[int, float] = {}
        for wrong, chance in alive.items():
            after[wrong] = after.get(wrong, 0.0) + chance * precision
            after[wrong + 1] = after.get(wrong + 1, 0.0) + chance * (1 - precision)
        broken = {wrong for wrong in after if counted_as(look - wrong, wrong).breaks(0.95)}
        stopped += sum(chance for wrong, chance in after.items() if wrong in broken)
        alive = {wrong: chance for wrong, chance in after.items() if wrong not in broken and chance > 1e-12}
    return stopped


def test_a_model_as_good_as_promised_is_hardly_stopped_and_a_bad_one_soon() -> None:
    assert chance_of_a_stop(0.95, 200) < 0.06
    assert chance_of_a_stop(0.97, 200) < 0.015
    assert chance_of_a_stop(0.7, 30) > 0.9
    assert chance_of_a_stop(0.5, 12) > 0.9


def taken_back(scene: Scene, count: int) -> None:
    for _ in range(count):
        ticket, found = scene.considered()
        assert found is not None
        assert found.linked
        linking.undo(scene.session, ticket, scene.record, by=scene.people["expert"])


def told(scene: Scene) -> list[str]:
    rows = scene.session.scalars(select(Notice.person_id).where(Notice.event == Event.LINKING_PAUSED)).all()
    return sorted(login for login, person in scene.people.items() for number in rows if person.id == number)


def test_it_stops_itself_tells_the_curators_once_and_a_person_lets_it_go_on(scene: Scene) -> None:
    session, analyst = scene.session, scene.people["analyst"]
    taken_back(scene, 3)
    ticket, held = scene.considered()
    assert held is not None
    assert (held.decision, held.held, held.linked) == (Decision.LINK, Held.SUSPENDED, False)
    _another, again = scene.considered()
    assert again is not None
    assert again.held is Held.SUSPENDED
    assert told(scene) == ["analyst", "expert"]
    assert autolink.watch(session, wanted=0.95) is None
    assert session.scalar(select(func.count(LinkPause.id))) == 1
    with pytest.raises(Refused):
        autolink.resume(session, by=scene.people["expert"])
    autolink.resume(session, by=analyst)
    with pytest.raises(Refused):
        autolink.resume(session, by=analyst)
    session.info[CLOCK] = MOMENT + timedelta(minutes=5)
    _third, linked = scene.considered()
    assert linked is not None
    assert linked.linked  # what was known before is forgiven
    assert ticket.defect is None
    audited = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == "autolink")).all()
    assert audited == ["pause", "resume"]


def test_a_new_model_begins_afresh_and_a_person_stops_all_of_them(scene: Scene) -> None:
    taken_back(scene, 3)
    assert scene.considered()[1].held is Held.SUSPENDED  # type: ignore[union-attr]
    scene.serve(sure(pairs=300))
    assert scene.considered()[1].linked  # type: ignore[union-attr]
    manager = scene.people["manager"]
    with pytest.raises(Refused):
        autolink.pause(scene.session, by=manager, note=" ", wanted=0.95)
    autolink.pause(scene.session, by=manager, note="升级窗口，先停一停", wanted=0.95)
    with pytest.raises(Refused):
        autolink.pause(scene.session, by=manager, note="再停一次", wanted=0.95)
    for pairs in (300, 400):
        scene.serve(sure(pairs=pairs))
        assert scene.considered()[1].held is Held.SUSPENDED  # type: ignore[union-attr]


# ── rounds ───────────────────────────────────────────────────────────────────────────────────────


def test_a_round_takes_what_is_due_and_looks_again_only_at_what_changed(scene: Scene) -> None:
    session, index = scene.session, scene.desk.index
    session.info.pop(CLOCK)
    ticket, other = scene.desk.ticket(SAID), scene.desk.ticket("食堂饭卡怎样充值")
    complaint = scene.desk.ticket(SAID, category=Category.COMPLAINT, sub="system")
    scene.desk.consume()
    assert set(due(session)) == {ticket.id, other.id}
    session.rollback()  # a reader's view ends with its transaction
    assert one_round(scene.desk.maker, index) == 1
    assert ticket.defect is scene.record
    assert complaint.defect_links == []
    assert due(session) == []
    desk.comment(session, other, "还没有人理我", by=other.requester)
    session.commit()
    assert due(session) == [other.id]
    session.rollback()
    assert one_round(scene.desk.maker, index) == 0
    assert due(session) == []
    before = session.scalar(select(LinkDecision.digest).where(LinkDecision.ticket_id == other.id))
    assert before == digest_of(other)


def test_it_waits_for_an_index_that_is_not_ready(scene: Scene, tmp_path: Path) -> None:
    session = scene.session
    scene.desk.ticket(SAID)
    session.commit()
    empty = Index.open(tmp_path / "never built", embedder=None)
    assert not is_ready(empty)
    assert one_round(scene.desk.maker, empty) == 0
    empty.close()
    assert session.scalar(select(func.count(LinkDecision.id))) == 0


def test_a_ticket_that_says_nothing_is_decided_as_well_and_holds_up_nobody(scene: Scene) -> None:
    _ticket, found = scene.considered("……？？")
    assert found is not None
    assert (found.decision, found.defect) == (Decision.NONE, None)


def test_two_rounds_at_once_link_once(scene: Scene) -> None:
    session, index, both = scene.session, scene.desk.index, Barrier(2)
    session.info.pop(CLOCK)
    ticket = scene.desk.ticket(SAID)
    scene.desk.consume()
    linked: list[int] = []

    def work() -> None:
        both.wait(timeout=30)
        linked.append(one_round(scene.desk.maker, index))

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(linked) == [0, 1]
    session.expire_all()
    rows = session.scalars(select(DefectLink).where(DefectLink.ticket_id == ticket.id)).all()
    assert [row.verdict for row in rows] == [LinkVerdict.LINKED]
    assert session.scalar(select(func.count(LinkDecision.id))) == 1
