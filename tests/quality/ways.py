"""Short ways to close tickets and to draw them in the tests of quality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.people.models import Person, PersonPost
from portal.people.roles import Post
from portal.quality import rules, sampling, sheets
from portal.quality.models import FollowUp, Inspection, SamplingRule, ScoreSheet
from portal.quality.rules import RuleText
from portal.quality.scoring import Grade, Item, Mark, Section, Sheet
from portal.quality.words import Kind
from portal.tickets.models import Ticket
from portal.tickets.words import Action, Category
from tests.tickets.people import Desk
from tests.world import person

SHEET = Sheet(
    sections=(
        Section("受理", (Item("用语规范", 20), Item("问清了问题", 30))),
        Section("答复", (Item("答复正确", 50), Item("泄露用户信息", veto=True))),
    ),
    grades=(Grade("优秀", 90), Grade("合格", 60), Grade("不合格", 0)),
)
GOOD = {"0.0": Mark(5), "0.1": Mark(4), "1.0": Mark(5)}  # 20 + 24 + 50


@dataclass
class Office(Desk):
    """The small desk with rules, a sheet and a few more colleagues."""

    def colleague(self, login: str, post: Post, unit: str = "ld") -> Person:
        """Somebody else of the same post."""
        units = self.world.units
        someone = person(login, units["hq"])
        bound = units[unit] if post not in (Post.MANAGER, Post.ADMIN) else None
        someone.posts.append(PersonPost(post=post, unit=bound))
        self.session.add(someone)
        self.session.flush()
        self.world.people[login] = someone
        return someone

    def rule(self, kind: Kind, percentage: int = 100, **more: Any) -> SamplingRule:
        more.setdefault("name", "每张都看")
        salt = more.pop("salt", "salt")
        text = RuleText(kind=kind, percentage=percentage, **more)
        return rules.save(self.session, None, text, by=self.world.people["manager"], salt=salt)

    def closed(self, category: Category = Category.CONSULTATION, *, by: str = "wang", **more: Any) -> Ticket:
        """Answered by the agent, confirmed by the user."""
        rating = more.pop("rating", 5)
        agent = more.pop("agent", "agent")
        ticket = self.file(category, by=by, **more)
        self.does(ticket, Action.TAKE, agent)
        self.does(ticket, Action.ANSWER, agent)
        self.does(ticket, Action.CONFIRM, by, rating=rating)
        return ticket

    def draw(self, kind: Kind) -> list[Any]:
        self.later(minutes=5)
        return sampling.draw(self.session, kind, self.session.info["tierdesk.now"])

    def follow_up(self, **more: Any) -> FollowUp:
        self.rule(Kind.FOLLOW_UP, **more)
        self.closed()
        (row,) = self.draw(Kind.FOLLOW_UP)
        assert isinstance(row, FollowUp)
        return row

    def inspection(self) -> Inspection:
        self.rule(Kind.INSPECTION)
        self.closed()
        (row,) = self.draw(Kind.INSPECTION)
        assert isinstance(row, Inspection)
        return row

    def sheet(self, content: Sheet = SHEET, **more: Any) -> ScoreSheet:
        by = self.world.people["manager"]
        name, categories = more.pop("name", "通用评分表"), more.pop("categories", ())
        return sheets.save(self.session, None, name, categories=categories, content=content, by=by)
