"""Saved views: what an address asks, whose they are, how far a lead shares, what opens first, counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from kb.flow import Refused
from portal.people.models import Person
from portal.people.roles import Post
from portal.tickets.models import Ticket
from portal.tickets.queries import queue
from portal.tickets.selection import FOR_THE_PAST, Filter, Order, Tab
from portal.tickets.views import asking, habits, shelf
from portal.tickets.views.asking import Today
from portal.tickets.views.columns import ORDINARY, SORTED_BY, Column, chosen
from portal.tickets.views.models import SavedView
from portal.tickets.words import Action, Category, State
from tests.statements import statements_sent
from tests.tickets.people import Desk
from tests.world import person

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = Today(date(2026, 3, 2), SHANGHAI)


# ── the parser ───────────────────────────────────────────────────────────────────────────────────


def test_every_argument_lands_in_its_field() -> None:
    wanted = asking.asked(
        {
            "tab": "mine",
            "state": "open",
            "priority": "2",
            "q": " 转圈 ",
            "open": "0",
            "urged": "1",
            "turned": "1",
        },
        TODAY,
    )
    expected = Filter(
        tab=Tab.MINE, state=State.OPEN, priority=2, text="转圈", open=False, urged=True, turned=True
    )
    assert wanted == expected


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05", datetime(2026, 1, 4, 16, tzinfo=UTC)),
        ("0d", datetime(2026, 3, 1, 16, tzinfo=UTC)),
        ("7d", datetime(2026, 2, 22, 16, tzinfo=UTC)),
        ("2026-01-05T10:00:00", datetime(2026, 1, 5, 2, tzinfo=UTC)),
        ("2026-01-05T10:00:00+00:00", datetime(2026, 1, 5, 10, tzinfo=UTC)),
        ("yesterday", None),
        ("9999999d", None),
        ("2026-13-01", None),
    ],
)
def test_from_when(text: str, moment: datetime | None) -> None:
    assert asking.asked({"from": text}, TODAY).since == moment


def test_nonsense_narrows_nothing_and_is_not_remembered() -> None:
    given = {"tab": "x", "state": "''", "priority": "9", "to": "9999-12-31", "open": "maybe", "nothing": "1"}
    assert asking.asked(given, TODAY) == Filter()
    assert asking.kept({**given, "system": "mkt"}, TODAY) == {"system": "mkt"}


def test_every_field_of_a_filter_can_be_asked_for() -> None:
    assert {argument.field for argument in asking.ARGUMENTS} == set(Filter.__dataclass_fields__)


# ── columns ──────────────────────────────────────────────────────────────────────────────────────


def test_columns_keep_their_order_and_never_lose_the_ticket() -> None:
    assert chosen(["filed", "due", "filed", "nonsense"]) == (Column.TICKET, Column.FILED, Column.DUE)
    assert chosen([]) == ()


@pytest.mark.parametrize("order", list(Order))
def test_every_order_sorts_from_both_ends(at_desk: Desk, order: Order) -> None:
    for category in (Category.CHANGE, Category.CONSULTATION, Category.FAULT):
        at_desk.later(minutes=1)
        at_desk.does(at_desk.file(category), Action.TAKE, "agent")
    manager = at_desk.world.people["manager"]

    def listed(*, turned: bool, **more: bool) -> list[int]:
        wanted = Filter(order=order, turned=turned, **more)  # type: ignore[arg-type]
        return [row.id for row in queue(at_desk.session, manager, wanted).tickets]

    assert listed(turned=True) == listed(turned=False)[::-1]
    assert sorted(listed(turned=False, everything=True)) == sorted(listed(turned=False))


def test_the_past_is_walked_in_orders_that_have_an_index(at_desk: Desk) -> None:
    assert {Order.DUE, Order.FILED} <= FOR_THE_PAST
    assert set(SORTED_BY.values()) - FOR_THE_PAST, "some orders are for open work alone"
    asked = Filter(order=Order.HOLDER, everything=True)
    assert queue(at_desk.session, at_desk.world.people["manager"], asked).total == 0


# ── whose ────────────────────────────────────────────────────────────────────────────────────────


def saved(at_desk: Desk, by: str, name: str = "营销将超时", **arguments: str) -> SavedView:
    return shelf.save(at_desk.session, at_desk.world.people[by], name=name, arguments=arguments)


def names(at_desk: Desk, login: str) -> list[str]:
    return [view.name for view in shelf.views_of(at_desk.session, at_desk.world.people[login])]


def test_a_view_is_its_owners_alone_until_it_is_shared(at_desk: Desk) -> None:
    people, units = at_desk.world.people, at_desk.world.units
    view = saved(at_desk, "supervisor", system="mkt")
    assert names(at_desk, "supervisor") == ["营销将超时"]
    assert names(at_desk, "agent") == []
    shelf.share(at_desk.session, view, by=people["supervisor"], post=Post.AGENT, unit=units["ld"], opens=True)
    assert names(at_desk, "agent") == ["营销将超时"]
    assert names(at_desk, "local_support") == []  # another post
    assert names(at_desk, "wang") == []  # nobody of the desk
    shelf.keep_private(at_desk.session, view, by=people["supervisor"])
    assert names(at_desk, "agent") == []


def test_a_view_for_a_unit_reaches_all_posts_there_and_nobody_elsewhere(at_desk: Desk) -> None:
    people, units = at_desk.world.people, at_desk.world.units
    view = saved(at_desk, "manager")
    shelf.share(at_desk.session, view, by=people["manager"], post=None, unit=units["ld"], opens=False)
    assert names(at_desk, "agent") == names(at_desk, "inspector") == ["营销将超时"]
    assert names(at_desk, "expert") == []  # at home in the head office
    shelf.share(at_desk.session, view, by=people["manager"], post=None, unit=units["hl"], opens=False)
    assert names(at_desk, "agent") == []


def test_a_lead_shares_no_further_than_their_own_post(at_desk: Desk) -> None:
    people, units = at_desk.world.people, at_desk.world.units
    view = saved(at_desk, "supervisor")
    for post, unit in ((Post.AGENT, None), (Post.AGENT, "hq"), (None, "hl")):
        with pytest.raises(Refused, match="自己负责的单位"):
            where = units[unit] if unit else None
            shelf.share(at_desk.session, view, by=people["supervisor"], post=post, unit=where, opens=False)
    with pytest.raises(Refused, match="哪个岗位"):
        shelf.share(at_desk.session, view, by=people["supervisor"], post=None, unit=None, opens=False)
    own = saved(at_desk, "agent", "我的")
    with pytest.raises(Refused, match="班长"):
        shelf.share(at_desk.session, own, by=people["agent"], post=Post.AGENT, unit=units["ld"], opens=False)


def test_only_the_owner_changes_a_view(at_desk: Desk) -> None:
    session, people = at_desk.session, at_desk.world.people
    view = saved(at_desk, "supervisor")
    shelf.share(
        session, view, by=people["supervisor"], post=Post.AGENT, unit=at_desk.world.units["ld"], opens=False
    )
    deeds: tuple[Callable[[], None], ...] = (
        lambda: shelf.rename(session, view, "别的", by=people["agent"]),
        lambda: shelf.rewrite(session, view, by=people["agent"], arguments={}, columns=[]),
        lambda: shelf.keep_private(session, view, by=people["agent"]),
        lambda: shelf.remove(session, view, by=people["agent"]),
    )
    for deed in deeds:
        with pytest.raises(Refused, match="只有本人能改"):
            deed()
    shelf.remove(session, view, by=people["manager"])  # leads without bounds keep the shelf tidy


def test_names(at_desk: Desk) -> None:
    view = saved(at_desk, "agent")
    for name, match in (("  ", "起个名字"), ("长" * 41, "40 个字"), ("营销将超时", "已经有一个")):
        with pytest.raises(Refused, match=match):
            saved(at_desk, "agent", name)
    shelf.rename(at_desk.session, view, "营销将超时", by=at_desk.world.people["agent"])  # its own is no clash
    saved(at_desk, "expert")  # nor is a colleague's


def test_a_removed_view_comes_back_for_half_an_hour(at_desk: Desk) -> None:
    session, agent = at_desk.session, at_desk.world.people["agent"]
    view = saved(at_desk, "agent")
    shelf.remove(session, view, by=agent)
    assert names(at_desk, "agent") == []
    with pytest.raises(Refused, match="不能恢复"):
        shelf.restore(session, view.id, by=at_desk.world.people["manager"])
    assert shelf.restore(session, view.id, by=agent) is view
    assert names(at_desk, "agent") == ["营销将超时"]
    shelf.remove(session, view, by=agent)
    at_desk.later(minutes=31)
    with pytest.raises(Refused, match="不能恢复"):
        shelf.restore(session, view.id, by=agent)


# ── what opens first, columns ────────────────────────────────────────────────────────────────────


def opening(at_desk: Desk, who: Person) -> str:
    views = shelf.views_of(at_desk.session, who)
    view = habits.opening_view(at_desk.session, who, views)
    return view.name if view else ""


def test_the_closest_of_what_leads_set_up_opens_and_ones_own_choice_before_it(at_desk: Desk) -> None:
    session, people, units = at_desk.session, at_desk.world.people, at_desk.world.units
    agent = people["agent"]
    assert opening(at_desk, agent) == ""
    wide, near = saved(at_desk, "manager", "全公司"), saved(at_desk, "supervisor", "本省")
    shelf.share(session, wide, by=people["manager"], post=Post.AGENT, unit=None, opens=True)
    assert opening(at_desk, agent) == "全公司"
    shelf.share(session, near, by=people["supervisor"], post=Post.AGENT, unit=units["ld"], opens=True)
    assert opening(at_desk, agent) == "本省"
    other = saved(at_desk, "supervisor", "本省二")
    shelf.share(session, other, by=people["supervisor"], post=Post.AGENT, unit=units["ld"], opens=True)
    assert (opening(at_desk, agent), near.opens) == ("本省二", False)  # one for each place
    own = saved(at_desk, "agent", "自己的")
    habits.begin_with(session, agent, own)
    assert opening(at_desk, agent) == "自己的"
    habits.begin_with(session, agent, wide)
    assert opening(at_desk, agent) == "全公司"
    habits.begin_with(session, agent, None)
    assert opening(at_desk, agent) == "本省二"


def test_columns_are_remembered_by_person_and_view(at_desk: Desk) -> None:
    session, agent = at_desk.session, at_desk.world.people["agent"]
    view = shelf.save(session, agent, name="有列", arguments={}, columns=["ticket", "urges"])
    assert habits.columns_for(session, agent, None) == ORDINARY
    assert habits.columns_for(session, agent, view) == (Column.TICKET, Column.URGES)
    habits.choose_columns(session, agent, None, ["due", "ticket"])
    assert habits.columns_for(session, agent, None) == (Column.DUE, Column.TICKET)
    assert habits.columns_for(session, agent, view) == (Column.TICKET, Column.URGES)
    habits.choose_columns(session, agent, view, ["ticket", "rating"])
    assert habits.columns_for(session, agent, view) == (Column.TICKET, Column.RATING)
    assert habits.columns_for(session, at_desk.world.people["expert"], None) == ORDINARY
    habits.choose_columns(session, agent, None, [])
    assert habits.columns_for(session, agent, None) == ORDINARY


# ── counts ───────────────────────────────────────────────────────────────────────────────────────


def test_everybody_counts_what_they_themselves_see(at_desk: Desk, engine: Engine) -> None:
    at_desk.file(), at_desk.file(by="zhao"), at_desk.file(system="oa")
    held: Ticket = at_desk.file(Category.CONSULTATION)
    at_desk.does(held, Action.TAKE, "agent")
    at_desk.session.commit()
    filters = {
        1: Filter(system="mkt"),
        2: Filter(holder="@me"),
        3: Filter(everything=True),
        4: Filter(tab=Tab.UNHELD),
    }
    people = at_desk.world.people
    with statements_sent(engine) as said:
        assert habits.counts(at_desk.session, people["agent"], filters) == {1: 2, 2: 1, 4: 2}
    assert len([one for one in said if "sum(" in one.lower()]) == 1
    assert habits.counts(at_desk.session, people["manager"], filters) == {1: 3, 2: 0, 4: 0}
    assert habits.counts(at_desk.session, people["agent"], {3: Filter(everything=True)}) == {}


def test_somebody_who_moved_sees_other_views(at_desk: Desk) -> None:
    session, people, units = at_desk.session, at_desk.world.people, at_desk.world.units
    view = saved(at_desk, "supervisor")
    shelf.share(session, view, by=people["supervisor"], post=None, unit=units["ld-cy"], opens=False)
    newcomer = person("newcomer", units["hl"])
    session.add(newcomer)
    session.flush()
    assert shelf.views_of(session, newcomer) == []
    assert shelf.view_for(session, newcomer, view.id) is None
    assert shelf.view_for(session, people["agent"], view.id) is view
