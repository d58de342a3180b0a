"""How a move looks on the staff's ticket page, and the form that gives what it needs.

Which moves are open, and what each must be given, the table in ``portal.tickets.flow`` says; here stand
keys, icons and the words that help to write a good note. No rule lives here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import Optional

from indexer.words import N_
from kb.models import Article
from portal.people.models import Person
from portal.tickets.flow import BETWEEN_TICKETS, Step
from portal.tickets.models import Ticket
from portal.tickets.words import CATEGORY_LABELS, PRIORITY_LABELS, SUB_LABELS, Action, Category
from portal.web.addresses import key_in
from portal.web.forms import Form
from portal.web.labels import named


@dataclass(frozen=True, slots=True)
class Look:
    """One action's button: its key, its icon, whether it leads forward, what a good note says."""

    key: str
    icon: str
    forward: bool = True
    hint: str = ""
    answers: bool = False
    """May the note start from an article?"""


# fmt: off
LOOKS = {
    Action.TAKE:         Look("t", "hand-grab"),
    Action.RELEASE:      Look("u", "arrow-back-up", False),
    Action.REASSIGN:     Look("s", "user-share", False, N_("可以写明为什么改派、请对方先做什么。")),
    Action.HAND_OVER:    Look("h", "transfer", False, N_("做到哪一步了、下一步是什么、要注意什么。")),
    Action.ASK:          Look("w", "message-question", False, N_("写给用户看：缺什么、在哪里看、怎么给。")),
    Action.SUPPLY:       Look("w", "phone-incoming", True, N_("用户在电话里补充了什么，照原话记下来。")),
    Action.CLASSIFY:     Look("r", "category", False, N_("需要时写明为什么改。")),
    Action.ANSWER:       Look("a", "message-check", True, N_("写给用户看：原因一句话，步骤分条。"), True),
    Action.TO_LOCAL:     Look("o", "tool", False, N_("现场地点、联系人、方便的时间、已经试过什么。")),
    Action.LOCAL_DONE:   Look("d", "circle-check", True, N_("做了什么、换了什么、当场验证的结果。")),
    Action.ESCALATE:     Look("e", "arrow-up-circle", True, N_("问清了什么、试过什么、为什么前台解决不了。")),
    Action.RULE:         Look("r", "scale", True, N_("改判时请写明依据，前台会看到。")),
    Action.REPLY:        Look("a", "message-check", True, N_("前台照此反馈：结论、依据、要做什么。"), True),
    Action.TO_BACK:      Look("b", "server-cog", True, N_("是什么问题、影响谁、要后台做什么、怎样算好。")),
    Action.TO_FRONT:     Look("f", "corner-up-left", False, N_("缺什么信息、或者为什么不该到这里。")),
    Action.PARK:         Look("p", "parking", True, N_("写给用户看：这是已知问题，修好之前可以这样做。")),
    Action.UNPARK:       Look("p", "player-play", True, N_("为什么不再等这条缺陷。")),
    Action.SUBMIT_FAULT: Look("y", "alert-octagon", True, N_("哪个系统、哪些单位、从什么时候起、多少人报。")),
    Action.NOT_A_FAULT:  Look("i", "circle-x", False, N_("依据是什么、建议按什么处理。")),
    Action.COMMAND:      Look("y", "broadcast", True, N_("判定依据、要求后台何时前恢复、多久报一次进展。")),
    Action.FINISH:       Look("d", "circle-check", True, N_("根因、做了什么、什么时候生效、怎样验证。")),
    Action.TO_MIDDLE:    Look("m", "corner-up-left", False, N_("为什么退回、还需要中台判断什么。")),
    Action.PASS:         Look("v", "checks", True, N_("怎样验证的、结果如何、要前台告诉用户什么。")),
    Action.FAIL:         Look("i", "rotate-2", False, N_("哪一步没过、看到了什么、请后台再做什么。")),
    Action.TELL:         Look("a", "message-check", True, N_("写给用户看：结果、怎么用、要做什么。"), True),
}
# fmt: on
PLAIN = Look("", "arrow-right")


@dataclass(frozen=True, slots=True)
class Button:
    """An action that is open to this person now."""

    step: Step
    look: Look

    @property
    def at_once(self) -> bool:
        """Needs nothing from the person: one press does it."""
        return not self.step.needs


def buttons_of(steps: tuple[Step, ...]) -> list[Button]:
    """The open steps, those that lead forward first; deeds between tickets have a panel of their own."""
    moves = (step for step in steps if step.action not in BETWEEN_TICKETS)
    made = [Button(step, LOOKS.get(step.action, PLAIN)) for step in moves]
    return sorted(made, key=lambda button: not button.look.forward)


class MoveForm(Form):
    """Everything a person may give along with a move; the panel shows what the step needs."""

    note = TextAreaField(_l("说明"))
    ruling = SelectField(_l("研判类别"), validators=[Optional()], choices=list, validate_choice=False)
    priority = RadioField(
        _l("优先级"), validators=[Optional()], coerce=key_in, choices=list, validate_choice=False
    )
    person = SelectField(
        _l("交给谁"), validators=[Optional()], coerce=key_in, choices=list, validate_choice=False
    )
    article = HiddenField()
    seen = IntegerField(validators=[Optional()])

    @property
    def ruled(self) -> tuple[Category | None, str]:
        """The category and sub-category chosen; nothing when it is no known pair."""
        category, _colon, sub = str(self.ruling.data or "").partition(":")
        return (Category(category), sub) if category in set(Category) else (None, "")


def offer_rulings(form: MoveForm, ticket: Ticket) -> None:
    """Every category with its sub-categories in one list; the ticket's own is chosen."""
    form.ruling.choices = {
        _(CATEGORY_LABELS[category]): [
            *([(f"{category}:", _("%(name)s（不细分）", name=_(CATEGORY_LABELS[category])))]),
            *(
                (f"{category}:{sub}", f"{_(CATEGORY_LABELS[category])} · {_(name)}")
                for sub, name in subs.items()
            ),
        ]
        for category, subs in SUB_LABELS.items()
    }
    form.priority.choices = [(level, _(name)) for level, name in PRIORITY_LABELS.items()]
    if form.ruling.data is None:
        form.ruling.data = f"{ticket.category}:{ticket.sub}"
    if form.priority.data is None:
        form.priority.data = ticket.priority


def offer_people(form: MoveForm, people: list[Person], loads: dict[int, int]) -> None:
    """Those who may take it over, with what they hold now."""
    form.person.choices = [
        (person.id, _("%(name)s（手上 %(n)s 张）", name=named(person), n=loads.get(person.id, 0)))
        for person in sorted(people, key=lambda person: loads.get(person.id, 0))
    ]


IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
MARKS = re.compile(r"\*\*|__|`|^#{1,6}\s+|^>\s?", re.MULTILINE)
TABLE_RULE = re.compile(r"^[ \t]*\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+[ \t:-]*$\n?", re.MULTILINE)
TABLE_ROW = re.compile(r"^[ \t]*\|(.+)\|[ \t]*$", re.MULTILINE)
LONGEST_START = 1_500


def starting_text(article: Article) -> str:
    """An article as plain lines a user can be told: numbers of steps stay, marks and tables' bars go."""
    text = MARKS.sub("", LINK.sub(r"\1", IMAGE.sub("", article.body)))
    text = TABLE_ROW.sub(_cells, TABLE_RULE.sub("", text))
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    return text if len(text) <= LONGEST_START else text[:LONGEST_START].rstrip() + "……"


def _cells(row: re.Match[str]) -> str:
    return _("；").join(cell.strip() for cell in row[1].split("|") if cell.strip())
