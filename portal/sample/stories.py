"""How each kind of ticket travels in the sample: a story is a list of scenes, played by the desk's verbs.

Pure but for the dice. A scene says who acts, what they do, after how much working time and with which
words; whoever plays it stops at the present, which is how the open work of the sample comes about.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from portal.sample.material import Scenario, read
from portal.tickets.flow import Who
from portal.tickets.words import Action, Category

A, W = Action, Who


@dataclass(frozen=True, slots=True)
class Scene:
    who: Who
    action: Action
    minutes: int  # working time after the scene before
    note: str = ""
    priority: int | None = None
    category: Category | None = None


def story_of(scenario: Scenario, dice: random.Random) -> list[Scene]:
    """The scenes of one ticket, from the front's first move to the user's confirmation."""
    category = Category(scenario.category)
    return STORIES[category](scenario, dice) + _ending(scenario, dice)


def _wait(dice: random.Random, usual: int) -> int:
    """Minutes around the usual ones, with the long tail that every desk knows."""
    return max(1, int(dice.lognormvariate(0, 0.75) * usual))


def _note(scenario: Scenario, name: str, otherwise: str) -> str:
    return scenario.notes.get(name) or otherwise


def _front(scenario: Scenario, dice: random.Random) -> list[Scene]:
    scenes = [Scene(W.FRONT, A.TAKE, _wait(dice, 14))]
    if dice.random() < 0.12:
        scenes += [
            Scene(W.FRONT, A.ASK, _wait(dice, 10), dice.choice(read(REMARKS)["asks"])),
            Scene(W.REQUESTER, A.SUPPLY, _wait(dice, 150), dice.choice(read(REMARKS)["user"])),
        ]
    return scenes


REMARKS = "tickets/progress_comments.yaml"


def _answered(scenario: Scenario, dice: random.Random) -> list[Scene]:
    words = _note(scenario, "answer", "已按知识库说明答复。")
    return [*_front(scenario, dice), Scene(W.FRONT, A.ANSWER, _wait(dice, 18), words)]


def _escalated(scenario: Scenario, dice: random.Random) -> list[Scene]:
    note = _note(scenario, "front", "用户所述已核对，前台资料不能解决，请专家研判。")
    return [
        *_front(scenario, dice),
        Scene(W.FRONT, A.ESCALATE, _wait(dice, 20), note),
        Scene(W.MIDDLE, A.TAKE, _wait(dice, 60)),
        Scene(W.MIDDLE, A.RULE, _wait(dice, 35), category=Category(scenario.category)),
    ]


def _repaired(scenario: Scenario, dice: random.Random) -> list[Scene]:
    middle = _note(scenario, "middle", "请按用户提供的信息处置，完成后写明结果。")
    back = _note(scenario, "back", "已按要求处置并自测通过。")
    scenes = [Scene(W.MIDDLE, A.TO_BACK, _wait(dice, 30), middle), Scene(W.BACK, A.TAKE, _wait(dice, 110))]
    if dice.random() < 0.07:
        reason = dice.choice(read(REMARKS)["returns"])
        scenes += [
            Scene(W.BACK, A.TO_MIDDLE, _wait(dice, 60), reason),
            Scene(W.MIDDLE, A.TO_BACK, _wait(dice, 120), middle),
        ]
    scenes.append(Scene(W.BACK, A.FINISH, _wait(dice, 320), back))
    if dice.random() < 0.08:
        scenes += [
            Scene(W.MIDDLE, A.FAIL, _wait(dice, 90), dice.choice(read(REMARKS)["returns"])),
            Scene(W.BACK, A.FINISH, _wait(dice, 260), back),
        ]
    scenes.append(Scene(W.MIDDLE, A.PASS, _wait(dice, 70), "已在用户单位环境复测，结果正确。"))
    return [*scenes, _tell(scenario, dice)]


def _tell(scenario: Scenario, dice: random.Random) -> Scene:
    words = _note(scenario, "answer", "您反映的问题已处理，请再试一次，有问题随时联系我们。")
    return Scene(W.FRONT, A.TELL, _wait(dice, 25), words)


def _replied(scenario: Scenario, dice: random.Random) -> list[Scene]:
    middle = _note(scenario, "middle", "情况属实，处理意见见答复。")
    return [Scene(W.MIDDLE, A.REPLY, _wait(dice, 80), middle), _tell(scenario, dice)]


def _locally(scenario: Scenario, dice: random.Random) -> list[Scene]:
    done = _note(scenario, "back", _note(scenario, "answer", "现场处理完成，用户当面确认。"))
    note = _note(scenario, "front", "需要现场或本地权限处理。")
    return [
        *_front(scenario, dice),
        Scene(W.FRONT, A.TO_LOCAL, _wait(dice, 12), note),
        Scene(W.LOCAL, A.TAKE, _wait(dice, 45)),
        Scene(W.LOCAL, A.LOCAL_DONE, _wait(dice, 110), done),
        _tell(scenario, dice),
    ]


def consultation(scenario: Scenario, dice: random.Random) -> list[Scene]:
    if "middle" in scenario.notes and dice.random() < 0.6:
        return [*_escalated(scenario, dice), *_replied(scenario, dice)]
    return _answered(scenario, dice)


def account(scenario: Scenario, dice: random.Random) -> list[Scene]:
    if "back" in scenario.notes and dice.random() < 0.6:
        return [*_escalated(scenario, dice), *_repaired(scenario, dice)]
    return _locally(scenario, dice) if dice.random() < 0.3 else _answered(scenario, dice)


def data(scenario: Scenario, dice: random.Random) -> list[Scene]:
    if dice.random() < 0.1:
        return _locally(scenario, dice)
    return [*_escalated(scenario, dice), *_repaired(scenario, dice)]


def defect(scenario: Scenario, dice: random.Random) -> list[Scene]:
    # Whoever plays the story links the record after the ruling, and may park instead of going on.
    return [*_escalated(scenario, dice), *_repaired(scenario, dice)]


def change(scenario: Scenario, dice: random.Random) -> list[Scene]:
    later = _replied if dice.random() < 0.35 else _repaired
    return [*_escalated(scenario, dice), *later(scenario, dice)]


def complaint(scenario: Scenario, dice: random.Random) -> list[Scene]:
    if dice.random() < 0.4:
        words = _note(scenario, "answer", "您反映的情况已核实并整改。")
        return [Scene(W.FRONT, A.TAKE, _wait(dice, 25)), Scene(W.FRONT, A.ANSWER, _wait(dice, 120), words)]
    return [*_escalated(scenario, dice), *_replied(scenario, dice)]


def resource(scenario: Scenario, dice: random.Random) -> list[Scene]:
    if scenario.sub in ("device", "software") and dice.random() < 0.5:
        return _locally(scenario, dice)
    return [*_escalated(scenario, dice), *_repaired(scenario, dice)]


def fault(scenario: Scenario, dice: random.Random) -> list[Scene]:
    return []  # outages are played by ``portal.sample.outages``: their moves follow the fault event


STORIES = {
    Category.CONSULTATION: consultation,
    Category.DEFECT: defect,
    Category.FAULT: fault,
    Category.ACCOUNT: account,
    Category.DATA: data,
    Category.CHANGE: change,
    Category.COMPLAINT: complaint,
    Category.RESOURCE: resource,
}


def _ending(scenario: Scenario, dice: random.Random) -> list[Scene]:
    if dice.random() < 0.05:
        reason = dice.choice(read(REMARKS)["reopen"])
        words = _note(scenario, "answer", "已重新核对并处理完毕。")
        return [
            Scene(W.REQUESTER, A.REOPEN, _wait(dice, 200), reason),
            Scene(W.FRONT, A.TAKE, _wait(dice, 15)),
            Scene(W.FRONT, A.ESCALATE, _wait(dice, 20), reason),
            Scene(W.MIDDLE, A.RULE, _wait(dice, 60), category=Category.CONSULTATION),
            Scene(W.MIDDLE, A.REPLY, _wait(dice, 120), words),
            Scene(W.FRONT, A.TELL, _wait(dice, 30), words),
            Scene(W.REQUESTER, A.CONFIRM, _wait(dice, 300)),
        ]
    return [Scene(W.REQUESTER, A.CONFIRM, _wait(dice, 240))]
