"""A call on the hotline as verbs: what an agent does for the caller in one breath.

Each verb files the caller's ticket and takes it as far as the call went; the steps are those of the
table, one after the other, so nothing here can do what the agent could not do by hand. Verbs never
commit: when one step is refused the request keeps none of them. The invariant: nobody acts for a caller
whom no post of theirs serves.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum

from sqlalchemy.orm import Session

from defects.flow import DEAD, DefectState
from defects.models import Defect
from defects.queries import is_public
from defects.signatures import runs_fix
from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from kb.queries import is_readable
from portal.catalogue.queries import system_by_code
from portal.catalogue.rollout import Arrival, Coming, arrival_of
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets import desk, linking
from portal.tickets.filing import may_file_for
from portal.tickets.flow import ROUTES, open_to
from portal.tickets.models import Ticket, Urge
from portal.tickets.words import Action, Category, Channel

SUMMARY = 400
#: Marks of Markdown that a person who reads a message should not see; a link keeps its words.
MARKS = re.compile(r"!\[[^\]]*\]\([^)]*\)|\[([^\]]*)\]\([^)]*\)|\*\*|`|^#{1,6}\s+|^>\s?", re.MULTILINE)


class Ending(StrEnum):
    """How a call that no article answered is wrapped up."""

    FILE = "file"
    TAKE = "take"
    ANSWER = "answer"
    LOCAL = "local"
    ESCALATE = "escalate"


ENDING_LABELS = {
    Ending.FILE: N_("仅提单"),
    Ending.TAKE: N_("提单并受理"),
    Ending.ANSWER: N_("口头已答复"),
    Ending.LOCAL: N_("转二线/本地"),
    Ending.ESCALATE: N_("升级中台"),
}
#: The steps of the table behind each ending.
STEPS: dict[Ending, tuple[Action, ...]] = {
    Ending.FILE: (),
    Ending.TAKE: (Action.TAKE,),
    Ending.ANSWER: (Action.TAKE, Action.ANSWER),
    Ending.LOCAL: (Action.TAKE, Action.TO_LOCAL),
    Ending.ESCALATE: (Action.TAKE, Action.ESCALATE),
}
#: Endings that say something to the next colleague or to the user.
NOTED = frozenset({Ending.ANSWER, Ending.LOCAL, Ending.ESCALATE})


def endings_for(by: Person) -> tuple[Ending, ...]:
    """How this person may end a call: who can't take a ticket at the front can only file it."""
    return tuple(Ending) if by.may(Permission.WORK_FRONT) else (Ending.FILE,)


def usual_ending(category: Category, *, by: Person) -> Ending:
    """What mostly follows for this category: what the front can't answer goes to the middle."""
    if not by.may(Permission.WORK_FRONT):
        return Ending.FILE
    return Ending.TAKE if ROUTES[category].front_answers else Ending.ESCALATE


def wrap_up(session: Session, request: desk.Request, ending: Ending, *, by: Person, note: str = "") -> Ticket:
    """Write the ticket from the notes of the call and send it where the ending says."""
    ticket = _filed(session, request, by=by)
    for action in STEPS[ending]:
        given = desk.Given() if action == Action.TAKE else desk.Given(note=note)
        desk.move(session, ticket, action, by=by, given=given)
    if ending not in NOTED and note.strip():
        desk.comment(session, ticket, note, by=by, internal=True)
    return ticket


def answer_call(
    session: Session, request: desk.Request, article: Article, *, by: Person, words: str = ""
) -> Ticket:
    """The article answered it: file, take and answer in the article's words, with the article linked."""
    ticket = _filed(session, replace(request, category=_answerable(request.category)), by=by)
    answer = answer_from(article, request.requester, words)
    desk.move(session, ticket, Action.TAKE, by=by)
    desk.move(session, ticket, Action.ANSWER, by=by, given=desk.Given(note=answer, article=article))
    return ticket


def _answerable(category: Category) -> Category:
    """A question that an article answered was a consultation, unless the front may answer its category."""
    return category if ROUTES[category].front_answers else Category.CONSULTATION


def answer_from(article: Article, caller: Person, words: str = "") -> str:
    """What the caller is told in writing; an article that is not for them is only named by the agent."""
    said = words.strip()
    if not is_readable(article, viewer_of(caller)):
        return said or "受理员已在电话中答复。"
    told = f"按知识 {article.number}《{article.title}》答复：\n{summary_of(article.body)}"
    return f"{said}\n{told}" if said else told


def summary_of(body: str) -> str:
    """The beginning of an article as plain lines: the steps keep their numbers, the marks go."""
    lines = [line.strip() for line in MARKS.sub(r"\1", body).splitlines() if line.strip()]
    kept: list[str] = []
    for line in lines:
        if kept and sum(map(len, kept)) + len(line) > SUMMARY:
            return "\n".join([*kept, "……"])
        kept.append(line[:SUMMARY])
    return "\n".join(kept)


def attach_to_defect(
    session: Session,
    request: desk.Request,
    defect: Defect,
    *,
    by: Person,
    probability: float | None = None,
    note: str = "",
) -> Ticket:
    """The caller is hit by a known defect: file, link, tell them what to do meanwhile, hand to the middle.

    Whoever is an expert of that system as well rules it and parks it in the same breath.
    """
    root = _root_of(defect)
    ticket = _filed(session, _about(session, request, root), by=by)
    desk.move(session, ticket, Action.TAKE, by=by)
    linking.link(session, ticket, root, by=by, probability=probability)
    desk.comment(session, ticket, told_caller(session, ticket, root), by=by)
    reason = note.strip() or f"来电核实是已知缺陷 {root.number}《{root.title}》，请研判后挂起等修复。"
    desk.move(session, ticket, Action.ESCALATE, by=by, given=desk.Given(note=reason))
    _park(session, ticket, root, by=by)
    return ticket


def told_caller(session: Session, ticket: Ticket, defect: Defect) -> str:
    """What the caller is told in writing: what to do until the repair, and that they will hear of it."""
    known = [f"已知问题 {defect.number}，修复前请这样处理：", defect.workaround]
    lines = known if is_public(defect) else ["您遇到的问题我们已经知道，正在处理。"]
    return "\n".join([*lines, *_told_of_repair(arrival_of(session, defect, ticket.unit))])


def _told_of_repair(arrival: Arrival) -> list[str]:
    match arrival.standing:
        case Coming.HERE:  # it runs there and does not help: an expert looks into it first
            return ["您单位已经更新过，专家会查明原因，有结果马上告诉您。"]
        case Coming.PLANNED if arrival.planned_on is not None:
            day = f"{arrival.planned_on.month}月{arrival.planned_on.day}日"
            return [f"已经修复，计划{day}更新到您单位，到时会通知您，不用再提单。"]
        case Coming.NO_FIX:
            return ["修复更新到您单位后会通知您，不用再提单。"]
        case _:
            return ["已经修复，更新到您单位后会通知您，不用再提单。"]


def _park(session: Session, ticket: Ticket, defect: Defect, *, by: Person) -> None:
    """As far as the table lets this person go; what a repair no longer explains is left to be looked into."""
    if runs_fix(ticket.running_version, defect.fixed_in):
        return
    reason = defect.workaround or "已知问题，等待修复。"
    steps = (
        (Action.TAKE, desk.Given()),
        (Action.RULE, desk.Given(category=ticket.category, sub=ticket.sub)),
        (Action.PARK, desk.Given(note=reason)),
    )
    for action, given in steps:
        open_steps = open_to(desk.situation_of(ticket), desk.actor_of(by, ticket))
        if all(row.action != action for row in open_steps):
            return
        desk.move(session, ticket, action, by=by, given=given)


def _root_of(defect: Defect) -> Defect:
    root = defect.duplicate_of if defect.state == DefectState.DUPLICATE else defect
    if root is None or root.state in DEAD:
        raise Refused(N_("%(number)s 已经判定不是缺陷或并入了别的缺陷，不能再关联。"), number=defect.number)
    return root


def _about(session: Session, request: desk.Request, defect: Defect) -> desk.Request:
    """The record knows system and module better than a guess from the caller's words."""
    system = system_by_code(session, defect.system) or request.system
    modules = {module.code for module in system.modules}
    parks = ROUTES[request.category].parks
    return replace(
        request,
        system=system,
        module=defect.module if defect.module in modules else None,
        category=request.category if parks else Category.DEFECT,
        sub=request.sub if parks else str(defect.type),
    )


def urge_for(session: Session, ticket: Ticket, *, by: Person) -> Urge:
    """The caller asks on the phone where it stays; counted as the caller's own urge."""
    _check(ticket.requester, by)
    return desk.urge(session, ticket, by=ticket.requester, words=f"来电催办，{by.name}记录")


def _filed(session: Session, request: desk.Request, *, by: Person) -> Ticket:
    _check(request.requester, by)
    return desk.file(session, replace(request, channel=Channel.HOTLINE), by=by)


def _check(caller: Person, by: Person) -> None:
    if not may_file_for(by, caller):
        raise Refused(N_("您的岗位不服务这位用户所在的单位。"))
