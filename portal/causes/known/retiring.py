"""Known-error articles whose repair runs everywhere go off line by themselves, and come back with the defect.

Unit by unit nothing is done to an article: ``catalogue.outgrown`` decides that while reading. Here is the end
of that road. The invariant: the system brings back only what it took off line itself, and what a person put
back stays until another version is said to repair it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.recurrence import GONE
from defects.signatures import runs_fix
from indexer.words import N_
from kb import articles
from kb.columns import now
from kb.flow import ArticleAction, ArticleState, Duty, Refused
from kb.models import Article
from portal.catalogue.outgrown import ROOT, telling_of_repairs, told_of, with_records
from portal.catalogue.queries import system_by_code
from portal.catalogue.rollout import Runs, runs_of, shown_units
from portal.causes.known.models import KnownArticle
from portal.people.duties import article_duties
from portal.people.models import Person, Unit
from portal.people.queries import holders_of, people_by_id
from portal.people.roles import Post
from portal.tickets.notices import Event, tell

SYSTEM = frozenset({Duty.SYSTEM})


@dataclass(frozen=True, slots=True)
class Round:
    retired: list[Article] = field(default_factory=list)
    returned: list[Article] = field(default_factory=list)


@dataclass(slots=True)
class Everywhere:
    """What runs in which unit, each system read once."""

    session: Session
    units: list[Unit]
    known: dict[str, Runs | None] = field(default_factory=dict)

    def holds(self, article: Article, records: list[Defect]) -> bool:
        """Does every unit whose people read the article run the repair of everything it tells of?"""
        units = self.read_in(article)
        return bool(units) and all(self.is_over(records, unit) for unit in units)

    def is_over(self, records: list[Defect], unit: Unit) -> bool:
        """Has this unit outgrown what these records say?"""
        return bool(records) and all(row.state in GONE and self._runs(row, unit) for row in records)

    def read_in(self, article: Article) -> list[Unit]:
        named = set(article.units)
        return [unit for unit in self.units if not named or named & set(unit.ancestry)]

    def _runs(self, record: Defect, unit: Unit) -> bool:
        if record.system not in self.known:
            system = system_by_code(self.session, record.system)
            self.known[record.system] = runs_of(self.session, system) if system else None
        runs = self.known[record.system]
        return runs is not None and runs_fix(runs.at(unit), record.fixed_in)


def settle(session: Session) -> Round:
    """Retire what nobody needs any more, bring back what is needed again."""
    everywhere = Everywhere(session, shown_units(session))
    done = Round()
    for article, records in with_records(session, _readable()):
        if everywhere.holds(article, records) and _retire(session, article, records, everywhere):
            done.retired.append(article)
    for article, records in with_records(session, _taken_off()):
        if not everywhere.holds(article, records) and _is_ours(article):
            _come_back(session, article, records)
            done.returned.append(article)
    _tell(session, Event.ARTICLE_OVER, done.retired)
    _tell(session, Event.ARTICLE_BACK, done.returned)
    return done


def put_back(session: Session, article: Article, *, by: Person) -> None:
    """Undo: a person wants it on line although the repair runs everywhere."""
    known = session.get(KnownArticle, article.id)
    if known is None or known.retired_at is None or not _is_ours(article):
        raise Refused(N_("这篇知识不是因为缺陷修好而自动下线的，请用“恢复为草稿”。"))
    duties = article_duties(by, article)
    if Duty.PUBLISH not in duties and not (by.id == article.owner_id and Duty.WRITE in duties):
        raise Refused(N_("重新上线由知识编辑或这篇知识的负责人来做。"))
    note = N_("修复已在各单位用上，仍保留这篇知识")
    articles.move(session, article, ArticleAction.RETURN, by=by.id, duties=SYSTEM, note=note)
    known.retired_at, known.kept_for = None, known.retired_for
    session.flush()


def may_put_back(article: Article, by: Person) -> bool:
    """Is there something to undo for this person?"""
    duties = article_duties(by, article)
    mine = Duty.PUBLISH in duties or (by.id == article.owner_id and Duty.WRITE in duties)
    return mine and _is_ours(article)


def _retire(session: Session, article: Article, records: list[Defect], everywhere: Everywhere) -> bool:
    versions = _versions(records)
    known = session.get(KnownArticle, article.id)
    if known is not None and known.kept_for == versions:
        return False
    note = N_("%(fixes)s，读者的 %(n)s 个单位都已用上，自动下线") % {
        "fixes": versions,
        "n": len(everywhere.read_in(article)),
    }
    articles.move(session, article, ArticleAction.RETIRE, by=None, duties=SYSTEM, note=note)
    known = known or KnownArticle(article_id=article.id, defect_id=records[0].id, said={}, at=now(session))
    known.retired_at, known.retired_for, known.kept_for = now(session), versions, ""
    session.add(known)
    return True


def _come_back(session: Session, article: Article, records: list[Defect]) -> None:
    open_again = next((row for row in records if row.state not in GONE), records[0])
    note = N_("缺陷 %(number)s 又出现了，或者有单位还没有用上修复版本，重新上线") % {
        "number": open_again.number
    }
    articles.move(session, article, ArticleAction.RETURN, by=None, duties=SYSTEM, note=note)
    known = session.get_one(KnownArticle, article.id)
    known.retired_at, known.retired_for = None, ""


def _versions(records: list[Defect]) -> str:
    """Which repairs it rests on: “QX000001 6.2.0”."""
    said = "、".join(f"{row.number} {row.fixed_in}" for row in sorted(records, key=lambda row: row.number))
    return said[:400]


def _is_ours(article: Article) -> bool:
    """Was the last step of its life the system's own retirement?"""
    last = article.moves[-1] if article.moves else None
    return (
        article.state == ArticleState.RETIRED
        and last is not None
        and last.action == ArticleAction.RETIRE
        and last.by_id is None
    )


def _readable() -> Select[Any]:
    return told_of(select(Article, ROOT), Article).where(Article.id.in_(telling_of_repairs()))


def _taken_off() -> Select[Any]:
    ours = select(KnownArticle.article_id).where(KnownArticle.retired_at.is_not(None))
    return told_of(select(Article, ROOT), Article, states=(ArticleState.RETIRED,)).where(Article.id.in_(ours))


def _tell(session: Session, event: Event, changed: list[Article]) -> None:
    """Whoever looks after them, or the editors where nobody does."""
    owners = people_by_id(session, [row.owner_id for row in changed])
    editors = [row.id for row in holders_of(session, Post.EDITOR)] if changed else []
    for article in changed:
        owner = owners.get(article.owner_id or 0)
        to = [owner.id] if owner is not None and owner.active else editors
        note = article.moves[-1].note
        tell(
            session,
            event,
            to=to,
            values={"article": article.number, "title": article.title, "note": note},
        )
