"""The conditions of the table of steps: why a step of one's own is not open now, as one sentence.

A condition reads a :class:`Situation` and an :class:`Actor` and returns the sentence for the person, or None
when nothing speaks against the step. Pure. Names in a sentence (``%(holder)s``) are filled from
``sentence_values``: a condition that names something adds it there.
"""

from __future__ import annotations

from collections.abc import Callable

from indexer.words import N_
from portal.people.roles import Permission
from portal.tickets.situation import ROUTES, WORKERS, Actor, Situation
from portal.tickets.words import Category, Tier

Condition = Callable[[Situation, Actor], str | None]


def front_may_answer(at: Situation, by: Actor) -> str | None:
    route = ROUTES[at.category]
    if not route.front_answers:
        return N_("这类请求前台不能直接答复办结，请升级中台研判。")
    if route.supervisor and Permission.ANSWER_COMPLAINTS not in by.permissions:
        return N_("投诉由前台班长先处理，请改派给班长或升级中台。")
    return None


def local_may_try(at: Situation, by: Actor) -> str | None:
    return None if ROUTES[at.category].local_tries else N_("这类请求不走二线/本地，请升级中台研判。")


def is_informed(at: Situation, by: Actor) -> str | None:
    """A known defect needs no questions: its record knows the answers."""
    if not at.lacks or at.on_defect:
        return None
    return N_("升级前还要问清：%(lacks)s。请在“信息表”里补全。")


def is_ruled(at: Situation, by: Actor) -> str | None:
    return None if at.ruled else N_("请先研判定类，再决定去向。")


def is_unruled(at: Situation, by: Actor) -> str | None:
    return N_("中台已经研判定类，前台不能再改。") if at.ruled else None


def middle_may_reply(at: Situation, by: Actor) -> str | None:
    if not at.ruled:
        return is_ruled(at, by)
    return None if ROUTES[at.category].middle_answers else N_("这类请求须由后台处置，中台不能直接答复。")


def back_has_work(at: Situation, by: Actor) -> str | None:
    route = ROUTES[at.category]
    if not at.ruled:
        return is_ruled(at, by)
    if route.dispatch:
        return N_("故障须先提交运调中心判定，由调度员指挥后台。")
    return None if route.goes_back else N_("这类请求不需要后台处置，请由中台答复。")


def may_park(at: Situation, by: Actor) -> str | None:
    if not at.ruled:
        return is_ruled(at, by)
    if not ROUTES[at.category].parks:
        return N_("只有缺陷和数据类请求可以挂起到缺陷。")
    return None if at.on_defect else N_("请先把工单关联到一条缺陷，再挂起等待修复。")


def has_nothing_to_wait_for(at: Situation, by: Actor) -> str | None:
    return N_("缺陷还在处理，工单继续等待修复。") if at.on_defect else None


def is_fault(at: Situation, by: Actor) -> str | None:
    if not at.ruled:
        return is_ruled(at, by)
    return None if at.category == Category.FAULT else N_("只有研判为故障的工单才提交运调中心。")


def is_untouched(at: Situation, by: Actor) -> str | None:
    return None if at.untouched else N_("已经有人在处理，不能撤销了；可以在下面留言说明情况。")


def is_unheld(at: Situation, by: Actor) -> str | None:
    if at.holder_id is None:
        return None
    return N_("这张工单已经在您手里。") if at.holder_id == by.person_id else N_("已由%(holder)s受理。")


def is_held(at: Situation, by: Actor) -> str | None:
    return None if at.holder_id == by.person_id else N_("这张工单不在您手里。")


def leads_the_tier(at: Situation, by: Actor) -> str | None:
    """A front supervisor leads the front and local support, a service manager every tier."""
    leads = WORKERS[at.tier] in by.permissions or Permission.READ_ALL_TICKETS in by.permissions
    return None if leads else N_("这一层级的改派由服务经理来做。")


def leads_the_holder(at: Situation, by: Actor) -> str | None:
    """Out of somebody else's hands only; one's own ticket is released as its holder."""
    if at.holder_id in (None, by.person_id):
        return N_("这张工单不在别人手里。")
    return leads_the_tier(at, by)


def children_have_ended(at: Situation, by: Actor) -> str | None:
    """The parent ends last."""
    if not at.open_children:
        return None
    return N_("协同工单 %(children)s 还没有结束，请等它们办结，或先解除协同。")


def front_may_end(at: Situation, by: Actor) -> str | None:
    return front_may_answer(at, by) or children_have_ended(at, by)


def middle_may_end(at: Situation, by: Actor) -> str | None:
    return middle_may_reply(at, by) or children_have_ended(at, by)


def may_merge(at: Situation, by: Actor) -> str | None:
    if not at.open_children:
        return None
    return N_("这张工单还有协同工单 %(children)s，请先解除协同或等它们办结，再并单。")


def survivor_goes_on(at: Situation, by: Actor) -> str | None:
    return None if at.survivor_open else N_("并入的工单已经结束，不能再撤销并单；用户没解决可以重新打开。")


def survivor_has_answer(at: Situation, by: Actor) -> str | None:
    return None if at.survivor_told else N_("合并处理的工单还没有结果，有了结果会通知您来确认。")


def is_unrated(at: Situation, by: Actor) -> str | None:
    if at.rated:
        return N_("您已经确认过了，谢谢。")
    return survivor_has_answer(at, by)


def works_for_another(at: Situation, by: Actor) -> str | None:
    return None if at.has_parent else N_("只有协同工单才由系统流转。")


def fault_has_ended(at: Situation, by: Actor) -> str | None:
    return is_fault(at, by) or children_have_ended(at, by)


def keeps_out(at: Situation, by: Actor) -> str | None:
    """Before any condition of a step: a complaint is handled by those whom it does not concern."""
    if by.person_id in at.barred:
        return N_("这张投诉涉及您办过的工单，由其他同事处理。")
    if at.about_a_ticket and at.tier == Tier.FRONT and Permission.ANSWER_COMPLAINTS not in by.permissions:
        return N_("对办结工单的投诉由前台班长处理。")
    return None


def sentence_values(at: Situation) -> dict[str, object]:
    """What the sentences of the table may name."""
    return {"holder": at.holder_name, "lacks": at.lacks, "children": at.open_children}
