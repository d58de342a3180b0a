"""Proposing a better wording for one passage of an article, and adopting it.

A flag without a proposal is ``kb.articles.flag``. The invariant: what is adopted replaces exactly the passage
that was shown to whoever proposed it; when that passage has changed meanwhile, nothing is replaced.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles, feedback
from kb.columns import now
from kb.flow import Duty, Refused
from kb.models import Article, Feedback
from kb.proposals.models import Proposal

PASSAGE_LIMIT = 4_000
NO_WORDS = "请按建议的改法更正。"


def propose(
    session: Session, article: Article, *, by: int, words: str = "", passage: str = "", wording: str = ""
) -> Feedback:
    """Flag an article; with a wording for one of its passages, or with words alone."""
    passage, wording = _clean(passage), _clean(wording)
    if not wording or wording == passage:
        return articles.flag(session, article, by=by, words=words)
    if max(len(passage), len(wording)) > PASSAGE_LIMIT:
        raise Refused(N_("一次只改一段，请控制在 %(limit)s 个字以内。"), limit=PASSAGE_LIMIT)
    _check(article, passage)
    remark = articles.flag(session, article, by=by, words=words.strip() or NO_WORDS)
    session.add(Proposal(feedback=remark, passage=passage, wording=wording))
    session.flush()
    return remark


def adopt(session: Session, proposal: Proposal, *, by: int, duties: Collection[Duty]) -> Article:
    """Put the proposed wording into the article, as a revision of its own, and close the flag."""
    article = session.get_one(Article, proposal.feedback.article_id)
    if proposal.adopted_at is not None:
        raise Refused(N_("同事已经采用过这条建议了。"))
    _check(article, proposal.passage)
    text = articles.text_of(article)
    body = article.body.replace(proposal.passage, proposal.wording, 1)
    note = N_("采用更正建议")
    articles.revise(session, article, replace(text, body=body), by=by, note=note, duties=duties)
    proposal.adopted_at, proposal.adopted_by = now(session), by
    if proposal.feedback.handled_at is None:
        feedback.handle(session, proposal.feedback)
    session.flush()
    return article


def _check(article: Article, passage: str) -> None:
    times = article.body.count(passage) if passage else 0
    if times == 0:
        raise Refused(N_("这一段在知识里已经改过，建议没有套用；请打开编辑对照着改。"))
    if times > 1:
        raise Refused(N_("这段话在知识里不止一处，分不清要改哪一处；请打开编辑直接改。"))


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip("\n").rstrip()


def proposals_for(session: Session, ids: Collection[int]) -> dict[int, Proposal]:
    """What these flags propose, by the flag's id."""
    rows = session.scalars(select(Proposal).where(Proposal.feedback_id.in_(sorted(ids)))) if ids else ()
    return {row.feedback_id: row for row in rows}
