"""The sample's tied tickets: duplicates merged, another system asked for help, see-also and watchers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import or_, select

from kb.columns import now
from portal.people.models import Person, Unit
from portal.people.roles import Permission
from portal.sample.halfyear import Stage
from portal.tickets import desk
from portal.tickets.models import Ticket
from portal.tickets.visibility import permissions_on
from portal.tickets.words import Action, State, Tier

MERGED = 3
HELPED = 3
SAME = "和我们科室同事报的是同一个问题：{title}。我这边从今天上午开始也是这样，请一起处理，好了告诉我一声。"
ASKED = (
    "这边查到数据在推送之前是对的，到贵系统之后对不上。请核对接口日志里今天的记录，确认收到的内容和时间，"
    "需要补推请告诉我们范围。",
    "用户在我们系统里操作没有问题，跳转到贵系统时提示没有权限。请核对这个账号的角色同步，修好后我们请用户复测。",
    "请确认贵系统这周的发布是否改过对外的查询接口；如有变化请给出新的参数说明，我们同步调整后再反馈用户。",
)


def tie(stage: Stage) -> None:
    """Play them on the tickets that are open now."""
    stage.at(stage.today - timedelta(hours=2))
    _merge(stage)
    _ask(stage)
    stage.session.flush()


def _open(stage: Stage, *places: tuple[State, Tier]) -> Iterator[Ticket]:
    """Those that nobody has touched since this moment: the sample's trails run forward, too."""
    untouched = Ticket.updated_at < now(stage.session)
    open_ones = select(Ticket).where(Ticket.closed_at.is_(None), untouched)
    tickets = stage.session.scalars(open_ones.order_by(Ticket.filed_at.desc(), Ticket.id)).unique()
    return (row for row in tickets if (row.state, row.tier) in places)


def _merge(stage: Stage) -> None:
    """A colleague of the same unit reports the same; whoever has the first in hand merges the second."""
    waiting = list(
        _open(stage, (State.NEW, Tier.FRONT), (State.OPEN, Tier.FRONT), (State.WAITING, Tier.FRONT))
    )
    pairs = (
        (kept, _colleague(stage, kept.requester), kept.holder or _agent(stage, kept)) for kept in waiting
    )
    whole = [(kept, colleague, agent) for kept, colleague, agent in pairs if colleague and agent]
    for kept, colleague, agent in whole[:MERGED]:
        request = desk.Request(
            text=SAME.format(title=kept.title),
            category=kept.category,
            system=kept.system,
            requester=colleague,
        )
        twin = desk.file(stage.session, request, by=colleague)
        given = desk.Given(note="同一科室、同一现象。", other=kept)
        desk.move(stage.session, twin, Action.MERGE, by=agent, given=given)
        desk.watch(stage.session, kept, by=agent)


def _agent(stage: Stage, ticket: Ticket) -> Person | None:
    agents = stage.cast.holding_agents()
    return next((row for row in agents if Permission.WORK_FRONT in permissions_on(row, ticket)), None)


def _colleague(stage: Stage, person: Person) -> Person | None:
    """Somebody without a post of the same unit, or of the one above it."""
    near = or_(Person.unit_id == person.unit_id, Unit.parent_id == person.unit.parent_id)
    rows = stage.session.scalars(
        select(Person).join(Person.unit).where(near, Person.active).order_by(Person.id)
    )
    return next((row for row in rows.unique() if row.id != person.id and not row.posts), None)


def _ask(stage: Stage) -> None:
    """Experts and engineers who have a ticket in hand ask another system for help."""
    chosen = [
        row
        for row in _open(stage, (State.OPEN, Tier.MIDDLE), (State.OPEN, Tier.BACK))
        if row.holder is not None
    ][:HELPED]
    codes = sorted(stage.systems)
    for text, parent in zip(ASKED, chosen, strict=False):
        others = [code for code in codes if code != parent.system.code and stage.systems[code].active]
        wanted = desk.Help(system=stage.systems[others[len(text) % len(others)]], text=text)
        assert parent.holder is not None  # chosen so
        desk.ask(stage.session, parent, wanted, by=parent.holder)
        if parent is not chosen[0] and _may(parent.holder, parent, chosen[0]):
            desk.relate(stage.session, parent, chosen[0], by=parent.holder)


def _may(person: Person, *tickets: Ticket) -> bool:
    return all(permissions_on(person, ticket) for ticket in tickets)
