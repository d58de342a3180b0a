"""What has become of the sample's articles: some are no longer right, some are planned, some say the same.

Everything through the desk's own verbs, so that each list of those who look after articles has its entries.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects import library
from defects.models import Defect
from kb import articles, care
from kb.care import Hand
from kb.columns import CLOCK
from kb.flow import READABLE, ArticleAction, ArticleState, Confidence, Duty
from kb.life import Given
from kb.models import Article, ArticleKind, AtExpiry, Feedback, Reason
from kb.proposals.wording import propose
from kb.steps import cards_of
from kb.translations import keeping
from portal.catalogue.models import System
from portal.curation.decay import looking
from portal.curation.decay.fixes import NEWS
from portal.curation.decay.models import SystemRelease
from portal.curation.decay.releases import note_releases
from portal.curation.quality import standing
from portal.people.models import Person
from portal.sample import material
from portal.tickets.clocks import ZONE

DUTIES = frozenset(Duty) - {Duty.SYSTEM}
#: Systems that were upgraded lately, what ran before, and how many days ago that was.
UPGRADED = (("pms", "7.0.1", 25), ("mail", "2.7.4", 12), ("print", "0.9.8", 40))
#: Which article tells of which record.
TOLD_OF = (
    ("monitor-alarm-suppress", "monitor-alarm-flood"),
    ("bid-supplier-ca", "bid-ca-plugin"),
    ("learn-progress-not-saved", "learn-progress-lost"),
    ("mpatrol-photo-stuck", "mpatrol-photo-stuck"),
)
FAILING, OUTDATED, FLAGGED, UNSURE, OWNERLESS, ENDING = 3, 2, 3, 4, 3, 2
FLAGS = (
    "第二步的菜单改名了，现在叫“我的申请”。",
    "截图还是旧版登录页，新员工看不懂。",
    "审批人写错了，现在是部门负责人审批。",
)
#: A second article about what another one answers already; its body is the other's, shortened.
TOLD_TWICE = 3


@dataclass
class Shelf:
    """The sample's readable articles, and who looks after them."""

    session: Session
    articles: list[Article]
    editors: list[Person]
    readers: list[Person]
    dice: random.Random
    today: datetime

    def at(self, days_ago: float) -> datetime:
        moment = self.today - timedelta(days=days_ago)
        self.session.info[CLOCK] = moment
        return moment

    def other(self, article: Article) -> Person:
        """An editor who did not write it."""
        return next(person for person in self.editors if person.id != article.author_id)

    def take(self, count: int, kinds: Sequence[ArticleKind] = ()) -> list[Article]:
        """Some that nothing was done with yet."""
        fitting = [row for row in self.articles if row.language == "zh" and (not kinds or row.kind in kinds)]
        chosen = self.dice.sample(fitting, min(count, len(fitting)))
        self.articles = [row for row in self.articles if row not in chosen]
        return chosen


def tend(
    session: Session,
    shelf: dict[str, Article],
    records: dict[str, Defect],
    *,
    editors: list[Person],
    readers: list[Person],
    today: datetime,
) -> None:
    """Let half a year have passed over the articles, then look at them once."""
    dice = random.Random(len(shelf))  # noqa: S311 - of its own, so that the rest of the sample stays as it is
    readable = [row for row in shelf.values() if row.state == ArticleState.PUBLISHED]
    stage = Shelf(session, readable, editors, readers, dice, today)
    _know_versions(session, today)
    _tell_of_defects(session, shelf, records)
    _fail(stage)
    _flag(stage)
    _doubt(stage)
    _plan(stage, [row for row in shelf.values() if row.state == ArticleState.IN_REVIEW])
    _point_nowhere(stage, shelf)
    _fall_behind(stage)
    _tell_twice(stage)
    stage.at(0)
    day = today.astimezone(ZONE).date()
    looking.look(session, today=day, at=today)
    standing.look(session, today=day, at=today)


def _know_versions(session: Session, today: datetime) -> None:
    note_releases(session, today)
    versions = dict(session.execute(select(System.code, System.version)).all())
    for code, before, days in UPGRADED:
        session.add(SystemRelease(system=code, version=before, since=None))
        session.get_one(SystemRelease, (code, versions[code])).since = today - timedelta(days=days)
    session.flush()


def _tell_of_defects(session: Session, shelf: dict[str, Article], records: dict[str, Defect]) -> None:
    """Articles tell of records; the repair of some came after the article was checked."""
    for name, record in TOLD_OF:
        article, told = shelf[name], records[record]
        library.tie(session, told, article)
        repaired = max((move.at for move in told.moves if move.end in NEWS), default=None)
        if repaired is not None and article.checked_at is not None:
            article.checked_at = min(article.checked_at, repaired - timedelta(days=3))
            article.worded_at = article.checked_at
    session.flush()


def _fail(stage: Shelf) -> None:
    lines = material.read("feedback.yaml")["not_solved"]
    chosen = stage.take(FAILING + OUTDATED, (ArticleKind.HOWTO, ArticleKind.FAQ))
    for place, article in enumerate(chosen):
        said = set(stage.session.scalars(select(Feedback.person_id).where(Feedback.article_id == article.id)))
        people = [person for person in stage.readers if person.id not in said]
        for person in stage.dice.sample(people, 9 if place < FAILING else 3):
            stage.at(stage.dice.uniform(1, 20))
            reason = Reason.OUTDATED if place >= FAILING else stage.dice.choice([Reason.STEPS, None])
            words = stage.dice.choice(lines) if stage.dice.random() < 0.5 else ""
            articles.rate(stage.session, article, by=person.id, solved=False, words=words, reason=reason)


def _flag(stage: Shelf) -> None:
    for days, article in enumerate(stage.take(FLAGGED), start=4):
        stage.at(days)
        person = stage.dice.choice([row for row in stage.readers if row.posts] or stage.readers)
        step = next((card.source for card in cards_of(article.body) if card.number), "")
        # Some colleagues say how it should read; an editor adopts that with one press.
        clear = days % 2 == 0 and article.body.count(step) == 1
        better = f"{step}找不到时看右上角的“更多”。" if clear else ""
        words = FLAGS[days % len(FLAGS)]
        propose(stage.session, article, by=person.id, words=words, passage=step, wording=better)


def _doubt(stage: Shelf) -> None:
    for article in stage.take(UNSURE):
        stage.at(6)
        by = stage.other(article)
        note = "新版菜单还没有核对过。"
        articles.move(stage.session, article, ArticleAction.DOUBT, by=by.id, duties=DUTIES, note=note)
    for article in stage.take(OWNERLESS):
        article.owner_id = None


def _plan(stage: Shelf, waiting: Sequence[Article]) -> None:
    """One is approved for tomorrow morning, a few hold until a day that is near."""
    stage.at(0.1)
    day = stage.today.astimezone(ZONE).date()
    tomorrow = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE).replace(hour=8)
    for article in waiting[:1]:
        given = Given(publish_at=tomorrow)
        by = stage.other(article).id
        articles.move(stage.session, article, ArticleAction.SCHEDULE, by=by, duties=DUTIES, given=given)
    for days, article in enumerate(stage.take(ENDING), start=6):
        hand = Hand(stage.other(article).id, DUTIES)
        ends = AtExpiry.RETIRE if days % 2 else AtExpiry.RECHECK
        care.set_expiry(stage.session, article, day + timedelta(days=days), at_expiry=ends, hand=hand)


def _point_nowhere(stage: Shelf, shelf: dict[str, Article]) -> None:
    """Two point at what has been off line for long, one at what went off line after it was written."""
    gone = [row for row in shelf.values() if row.state == ArticleState.RETIRED]
    going = stage.take(1)
    for article, target in zip(stage.take(len(gone) + 1), [*gone, *going], strict=True):
        stage.at(20)
        _reword(stage, article, f"{article.body}\n\n另见 [[{target.number}]]。", note="补充参考")
    for article in going:
        stage.at(3)
        by = stage.other(article).id
        note = "这项业务已改由新系统办理。"
        articles.move(stage.session, article, ArticleAction.RETIRE, by=by, duties=DUTIES, note=note)


def _fall_behind(stage: Shelf) -> None:
    """Every translation was compared with its original; then two originals say something new."""
    stage.at(25)
    translations = select(Article).where(Article.translation_of_id.is_not(None))
    ids = set()
    for row in stage.session.scalars(translations.where(Article.state.in_(READABLE))):
        keeping.follow(stage.session, row, by=row.author_id)
        ids.add(row.translation_of_id)
    for article in [row for row in stage.articles if row.id in ids][:2]:
        stage.at(8)
        _reword(stage, article, f"{article.body}\n\n周末维护期间请改用手机端办理。", note="补充周末的办法")


def _reword(stage: Shelf, article: Article, body: str, *, note: str) -> None:
    text = replace(articles.text_of(article), body=body)
    by = stage.other(article).id
    articles.revise(stage.session, article, text, by=by, note=note, duties=DUTIES)


def _tell_twice(stage: Shelf) -> None:
    """Two editors have answered the same question, each in an article."""
    for article in stage.take(TOLD_TWICE, (ArticleKind.HOWTO,)):
        stage.at(40)
        author = stage.other(article)
        text = articles.text_of(article)
        lines = text.body.splitlines()
        short = "\n".join(lines[: max(6, len(lines) * 2 // 3)])
        told = replace(text, title=f"{text.title}（补充说明）", body=short, also=(), keywords=())
        second = articles.write(stage.session, told, by=author.id)
        for action, by in ((ArticleAction.SUBMIT, author.id), (ArticleAction.PUBLISH, article.author_id)):
            articles.move(stage.session, second, action, by=by, duties=DUTIES)
        second.confidence = Confidence.VERIFIED
        second.views = stage.session.scalar(select(func.min(Article.views))) or 0
