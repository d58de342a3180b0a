"""The sample's shelves: articles and defect records, led through their lives by the packages' own verbs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from defects import library, moves
from defects.flow import DefectAction, DefectDuty
from defects.models import Defect, DefectType
from defects.texts import DefectText
from kb import articles
from kb.audience import Audience
from kb.columns import CLOCK
from kb.flow import ArticleAction, Duty
from kb.models import Article, ArticleKind, Feedback, Reason
from kb.translations import keeping
from portal.people.models import Person
from portal.sample import material

SOURCE = "sample"
REWORDED = "ehall-pay-delay"
#: ``[[name-of-an-article]]`` or ``[[name-of-an-article|words]]``; the article stands earlier on the shelf.
POINTED = re.compile(r"\[\[([a-z][a-z0-9-]+)(\|[^\]]+)?\]\]")
DUTIES = frozenset(Duty)
DEFECT_DUTIES = frozenset(DefectDuty)
A, D = ArticleAction, DefectAction
#: Which steps lead to each state.
ARTICLE_LIVES = {
    "draft": (),
    "in_review": (A.SUBMIT,),
    "published": (A.SUBMIT, A.PUBLISH),
    "due": (A.SUBMIT, A.PUBLISH, A.MARK_DUE),
    "retired": (A.SUBMIT, A.PUBLISH, A.RETIRE),
}
ARTICLE_NOTES = {A.MARK_DUE: "系统版本已升级，步骤截图需要核对。", A.RETIRE: "对应功能已下线。"}
DEFECT_LIVES = {
    "suspected": (),
    "confirmed": (D.CONFIRM,),
    "in_progress": (D.CONFIRM, D.START),
    "fixed": (D.CONFIRM, D.START, D.FIX),
    "verified": (D.CONFIRM, D.START, D.FIX, D.VERIFY),
    "closed": (D.CONFIRM, D.START, D.FIX, D.VERIFY, D.CLOSE),
    "not_a_defect": (D.REJECT,),
    "duplicate": (),
}
DEFECT_NOTES = {D.REJECT: "按现行规定如此设计，已补充操作说明，不作缺陷处理。"}


def shelve_articles(
    session: Session, authors: list[Person], readers: list[Person], *, dice: random.Random, today: datetime
) -> dict[str, Article]:
    """Write every article and lead it to the state its author gave it."""
    shelf: dict[str, Article] = {}
    for front, body in material.articles():
        born = today - timedelta(days=dice.randrange(30, 200), minutes=dice.randrange(600))
        session.info[CLOCK] = born
        author, reviewer = dice.sample(authors, 2)
        article = articles.write(session, _text(front, _pointed(body, shelf)), by=author.id)
        article.source, article.external_id = SOURCE, str(front["id"])
        if front.get("translation_of"):
            article.translation_of = shelf[front["translation_of"]]
            keeping.follow(session, article, by=author.id)
        for number, action in enumerate(ARTICLE_LIVES[front["state"]], start=1):
            session.info[CLOCK] = born + timedelta(days=number * 2)
            by = author if action == A.SUBMIT else reviewer
            articles.move(
                session, article, action, by=by.id, duties=DUTIES, note=ARTICLE_NOTES.get(action, "")
            )
        shelf[str(front["id"])] = article
        if front["state"] in ("published", "due"):
            _read(session, article, readers, dice=dice, born=born, today=today)
    session.info[CLOCK] = today - timedelta(days=3)
    _reword(session, shelf[REWORDED], by=authors[0].id)
    return shelf


def _reword(session: Session, article: Article, *, by: int) -> None:
    """An original goes on after it was translated: its translation is older, and says so."""
    text = articles.text_of(article)
    text = replace(text, body=text.body.replace("等 30 分钟", "等 10 分钟，超过再报"))
    articles.revise(session, article, text, by=by, note="支付平台提速，等待时间改短")


def _pointed(body: str, shelf: Mapping[str, Article]) -> str:
    """Authors of the sample point at articles by their names, which get their numbers only here."""
    return POINTED.sub(lambda found: f"[[{shelf[found[1]].number}{found[2] or ''}]]", body)


def _text(front: dict[str, Any], body: str) -> articles.ArticleText:
    return articles.ArticleText(
        title=front["title"],
        body=body,
        kind=ArticleKind(front["kind"]),
        language=front["language"],
        system=front.get("system"),
        module=front.get("module"),
        category=front.get("category"),
        keywords=tuple(str(word) for word in front.get("keywords") or ()),
        also=tuple(str(line) for line in front.get("also") or ()),
        audience=Audience(front.get("audience", "everyone")),
        units=tuple(front.get("units") or ()),
    )


def _read(
    session: Session,
    article: Article,
    readers: list[Person],
    *,
    dice: random.Random,
    born: datetime,
    today: datetime,
) -> None:
    """Views and verdicts; a few articles are read far more than the rest, as everywhere."""
    share = dice.paretovariate(1.3)
    article.views = min(4000, int(12 * share))
    verdicts = dice.sample(readers, min(len(readers) - 1, max(1, int(3 * share) % 24)))
    for person in verdicts:
        solved = dice.random() < 0.8
        at = born + (today - born) * dice.random()
        words = _verdict(solved, dice)
        verdict = Feedback(article_id=article.id, person_id=person.id, solved=solved, at=at, words=words)
        verdict.reason = None if solved else _reason(words)
        session.add(verdict)
        article.solved, article.not_solved = article.solved + solved, article.not_solved + (not solved)


def _verdict(solved: bool, dice: random.Random) -> str:
    """Most readers only click; those whom it didn't help say why more often."""
    lines: list[str] = material.read("feedback.yaml")["solved" if solved else "not_solved"]
    return dice.choice(lines) if dice.random() < (0.12 if solved else 0.6) else ""


def _reason(words: str) -> Reason | None:
    chosen = material.read("feedback.yaml")["reasons"].get(words)
    return Reason(chosen) if chosen else None


def shelve_defects(
    session: Session,
    expert_for: Callable[[str], Person],
    engineer_for: Callable[[str], Person],
    *,
    dice: random.Random,
    today: datetime,
) -> dict[str, Defect]:
    """Open every record and lead it to the state its author gave it; duplicates are merged last."""
    shelf: dict[str, Defect] = {}
    records = [record for _, rows in material.read_all("defects") for record in rows]
    for record in records:
        born = today - timedelta(days=dice.randrange(150, 240), minutes=dice.randrange(600))
        session.info[CLOCK] = born
        expert, engineer = expert_for(record["system"]), engineer_for(record["system"])
        defect = library.open_record(session, _record(record, expert, engineer, today), by=expert.id)
        defect.source, defect.external_id = SOURCE, record["id"]
        _live(session, defect, record, expert, engineer, born=born, dice=dice)
        shelf[record["id"]] = defect
    for record in records:
        if record["state"] == "duplicate":
            defect, into = shelf[record["id"]], shelf[record["duplicate_of"]]
            by = defect.owner_middle_id or 0
            moves.merge(session, defect, into, by=by, duties=DEFECT_DUTIES, note="现象和根因相同。")
    return shelf


def _live(
    session: Session,
    defect: Defect,
    record: dict[str, Any],
    expert: Person,
    engineer: Person,
    *,
    born: datetime,
    dice: random.Random,
) -> None:
    moment = born
    for action in DEFECT_LIVES[record["state"]]:
        moment += timedelta(days=dice.randrange(3, 22))
        session.info[CLOCK] = moment
        by = engineer if action in (D.START, D.FIX) else expert
        note = DEFECT_NOTES.get(action, "")
        moves.move(session, defect, action, by=by.id, duties=DEFECT_DUTIES, note=note)


def _record(record: dict[str, Any], expert: Person, engineer: Person, today: datetime) -> DefectText:
    due = record.get("due")
    key = bool(record.get("key"))
    return DefectText(
        title=record["title"],
        system=record["system"],
        module=record.get("module"),
        type=DefectType(record["type"]),
        severity=int(record["severity"]),
        key=key,
        due_on=(today + timedelta(days=int(due if due is not None else 30))).date() if key else None,
        symptoms=tuple(record["symptoms"]),
        codes=tuple(str(code) for code in record.get("codes") or ()),
        affected=tuple(str(version) for version in record.get("affected") or ()),
        fixed_in=str(record["fixed_in"]) if record.get("fixed_in") else None,
        owner_middle_id=expert.id,
        owner_back_id=engineer.id,
        reproduce=_words(record, "reproduce"),
        cause=_words(record, "cause"),
        workaround=_words(record, "workaround"),
        fix=_words(record, "fix"),
        data_fix=_words(record, "data_fix"),
    )


def _words(record: dict[str, Any], name: str) -> str:
    return str(record.get(name) or "").strip()
