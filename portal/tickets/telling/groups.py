"""Groups of events as a person thinks of them, and how each is told unless the person chose otherwise. Pure.

The invariant: what waits for the person (``MUST``) always counts and is shown in the portal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from indexer.words import N_


class Group(StrEnum):
    ANSWER = "answer"
    PROGRESS = "progress"
    TALK = "talk"
    HANDS = "hands"
    CLOCK = "clock"
    OUTAGE = "outage"
    DEFECT = "defect"
    QUALITY = "quality"
    KNOWLEDGE = "knowledge"
    FOLLOWED = "followed"


class Channel(StrEnum):
    PORTAL = "portal"
    MAIL = "mail"


class Way(StrEnum):
    AT_ONCE = "at_once"
    DIGEST = "digest"
    NEVER = "never"


WAY_LABELS = {Way.AT_ONCE: N_("马上发"), Way.DIGEST: N_("每天汇总"), Way.NEVER: N_("不发")}


@dataclass(frozen=True, slots=True)
class About:
    """A group's name, what it holds, whether it must be heard, and the mail of employees and of staff."""

    label: str
    hint: str
    must: bool
    employee: Way
    staff: Way
    staff_only: bool = False


# fmt: off
GROUPS: dict[Group, About] = {
    Group.ANSWER:   About(N_("等您回应"),   N_("要您补充情况、请您确认结果"),           True,  Way.AT_ONCE, Way.AT_ONCE),
    Group.PROGRESS: About(N_("工单进展"),   N_("已受理、已转办、等待修复、已办结"),     False, Way.DIGEST,  Way.NEVER),
    Group.TALK:     About(N_("留言"),       N_("有人在您的工单里留言或补充"),           False, Way.AT_ONCE, Way.DIGEST),
    Group.OUTAGE:   About(N_("故障"),       N_("您遇到的故障有了消息"),                 True,  Way.AT_ONCE, Way.AT_ONCE),
    Group.FOLLOWED: About(N_("关注的知识"), N_("您关注的知识有大的改动、被代替或下线"), False, Way.DIGEST,  Way.DIGEST),
    Group.HANDS:    About(N_("交到您手上"), N_("指派给您、用户催单、用户重新打开"),     True,  Way.AT_ONCE, Way.DIGEST,  True),
    Group.CLOCK:    About(N_("时限"),       N_("工单快到时限或已经超时"),               True,  Way.AT_ONCE, Way.AT_ONCE, True),
    Group.DEFECT:   About(N_("缺陷"),       N_("您负责的缺陷复发，您负责的系统的问题报告"),                     False, Way.DIGEST,  Way.AT_ONCE, True),
    Group.QUALITY:  About(N_("回访与质检"), N_("质检结果、申诉和回访安排"),             False, Way.DIGEST,  Way.DIGEST,  True),
    Group.KNOWLEDGE: About(N_("知识"),      N_("您负责的知识要复核、快到期，知识或缺口交到您手上"), False, Way.DIGEST, Way.DIGEST,  True),
}
# fmt: on

#: When a digest is written unless the person chose another hour.
DIGEST_HOUR = 9


def default_way(group: Group, *, staff: bool) -> Way:
    """How mail is sent about this group to somebody who has chosen nothing."""
    return GROUPS[group].staff if staff else GROUPS[group].employee
