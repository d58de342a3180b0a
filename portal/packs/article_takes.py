"""Taking an article: written, revised or taken off line by the knowledge base's own verbs.

A new one comes to the reviewers; what readers already see gets the new words and goes on the re-check
list. Only where the person has asked to publish are the steps walked as imports do, and then the words
count as verified by nobody. The invariant: another desk's review is never ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import exists, select

from indexer.words import N_
from kb import articles
from kb.articles import ArticleText, text_of
from kb.audience import Audience
from kb.columns import now
from kb.flow import READABLE, ArticleAction, ArticleState, Confidence, Duty, Refused, step
from kb.importing.identity import chunks
from kb.life import NOTHING, settle
from kb.models import Article, ArticleKind, ArticleMove
from portal.packs import texts, ties
from portal.packs.checking import was_published
from portal.packs.idents import key_of
from portal.packs.manifest import FILES
from portal.packs.models import PackItem
from portal.packs.task import Task, Ways, as_it_was_left, here_of, settled, taken, write_on_line
from portal.packs.words import Choice, Fate, Kind
from portal.tickets import attachments
from portal.tickets.attachments import AT_ONCE, Upload
from portal.tickets.models import Attachment

#: Without the right to vouch: words from another desk are doubted until somebody here has verified them.
DUTIES = frozenset({Duty.WRITE, Duty.PUBLISH})
A = ArticleAction


def _create(task: Task) -> None:
    article = _written(task)
    article.source, article.external_id = key_of(task.item.ident)
    task.row.before = {"state": None}
    walk(task, article, A.SUBMIT)
    if task.pack.publish and was_published(task.item):
        walk(task, article, A.PUBLISH)
    taken(task, article.id, created=True)


def _written(task: Task) -> Article:
    text, files = local_text(task, None)
    article = articles.write(task.session, text, by=task.by.id)
    for file in files:
        file.article_id = article.id
    article.translation_of_id = _original(task)
    return article


def _lay_beside(task: Task) -> None:
    """Theirs as a draft of its own; ours goes on, and has seen theirs."""
    article = _written(task)
    task.row.before = {"beside": article.id}
    if task.here is not None:
        write_on_line(task, task.here, content="")
    task.row.subject_id = article.id


def _revise(task: Task, article: Article) -> None:
    task.row.before = {
        "state": article.state.value,
        "confidence": article.confidence.value,
        "text": as_json(text_of(article)),
        "original": article.translation_of_id,
    }
    if article.state == ArticleState.RETIRED:
        walk(task, article, A.REVIVE)
    text, _files = local_text(task, article)
    articles.revise(task.session, article, text, by=task.by.id, note=task.note, duties=DUTIES)
    article.translation_of_id = _original(task) or article.translation_of_id
    _move_on(task, article)
    taken(task, article.id)


def _move_on(task: Task, article: Article) -> None:
    """Readers' articles are to be looked at again; what nobody reads yet goes to the reviewers."""
    publish = task.pack.publish and was_published(task.item)
    if article.state == ArticleState.PUBLISHED and not publish:
        walk(task, article, A.MARK_DUE)
    if article.state == ArticleState.DRAFT and task.here is None:
        walk(task, article, A.SUBMIT)
        if publish:
            walk(task, article, A.PUBLISH)


def _retire(task: Task) -> None:
    article: Article | None = here_of(task)
    if article is None or article.state not in READABLE:
        raise Refused(N_("这里已经没有读者能看到的这篇知识了。"))
    task.row.before = {"state": article.state.value, "confidence": article.confidence.value}
    walk(task, article, A.RETIRE)
    taken(task, article.id)


WAYS = Ways(gone=_retire, beside=_lay_beside, new=_create, known=_revise)


def walk(task: Task, article: Article, action: ArticleAction) -> None:
    """One step of the table; whoever takes a pack is not the writer of its words, and vouches for none."""
    row = step(
        article.state, action, duties=DUTIES, is_author=False, note=task.note, confidence=article.confidence
    )
    moment = now(task.session)
    article.moves.append(
        ArticleMove(action=action, start=row.start, end=row.end, by_id=task.by.id, at=moment, note=task.note)
    )
    article.state, article.updated_at = row.end, moment
    settle(article, row, NOTHING, at=moment)
    article.confidence = Confidence.UNVERIFIED
    task.session.flush()


# ── the text as it is here ───────────────────────────────────────────────────────────────────────


def local_text(task: Task, article: Article | None) -> tuple[ArticleText, list[Attachment]]:
    """Their content with our places, numbers and files; where a place is unknown, ours stays."""
    content = task.item.content or {}
    settled = task.places.here(content)
    files = _files(task, article)
    body = _body(task, content["body"], {file.sha256: file.id for file in files})
    text = ArticleText(
        title=content["title"],
        body=body,
        kind=ArticleKind(content["kind"]),
        language=content["language"],
        system=settled["system"],
        module=settled["module"],
        category=settled["category"],
        keywords=tuple(content["keywords"]),
        also=tuple(content["also"]),
        audience=Audience(content["audience"]),
        units=tuple(settled["units"]),
    )
    return _with_our_place(text, content, article), files


def _with_our_place(text: ArticleText, content: dict[str, Any], article: Article | None) -> ArticleText:
    if article is None:
        return text
    if content["system"] and not text.system:
        return replace(text, system=article.system, module=article.module)
    if content["module"] and not text.module and text.system == article.system:
        return replace(text, module=article.module)
    return text


def _body(task: Task, body: str, files: dict[str, int]) -> str:
    desk = ties.this_desk(task.session).desk
    numbers = ties.numbers_of(task.session, texts.pointed_at(body), desk=desk)
    task.row.waits = _is_to_come(task, texts.missing(body, numbers))
    return texts.inward(body, numbers=numbers, files=files)


def _is_to_come(task: Task, idents: set[str]) -> bool:
    """Does the pack bring some of these later?"""
    later = exists().where(
        PackItem.pack_id == task.pack.id,
        PackItem.ident.in_(idents),
        PackItem.fate == Fate.CHOSEN,
        PackItem.chosen == Choice.TAKE,
        PackItem.id != task.row.id,
    )
    return bool(idents) and bool(task.session.scalar(select(later)))


def _files(task: Task, article: Article | None) -> list[Attachment]:
    """The files that the text shows: those that the article has, the others from the pack."""
    wanted = {row["sha256"]: row["name"] for row in (task.item.content or {})["files"]}
    held = _held(task, article, wanted)
    missing = [sha256 for sha256 in wanted if sha256 not in held]
    for several in chunks(missing, AT_ONCE):
        uploads = [Upload(wanted[sha], task.archive.content(f"{FILES}{sha}")) for sha in several]
        stored = attachments.illustrate(
            task.session,
            article,
            uploads,
            by=task.by,
            folder=task.uploads,
            limit_mb=task.limit_mb,
            locked=task.locked,
        )
        held |= {file.sha256: file for file in stored}
    return list(held.values())


def _held(task: Task, article: Article | None, wanted: dict[str, str]) -> dict[str, Attachment]:
    if article is None or not wanted:
        return {}
    rows = select(Attachment).where(
        Attachment.article_id == article.id,
        Attachment.sha256.in_(wanted),
        Attachment.withdrawn_at.is_(None),
    )
    return {row.sha256: row for row in task.session.scalars(rows)}


def _original(task: Task) -> int | None:
    """The article here that theirs translates; a translation of a translation is one of its original."""
    ident = (task.item.content or {})["translation_of"]
    if ident is None:
        return None
    desk = ties.this_desk(task.session).desk
    number = ties.subjects_of(task.session, Kind.ARTICLE, [ident], desk=desk).get(ident)
    original = task.session.get(Article, number) if number else None
    return (original.translation_of_id or original.id) if original is not None else None


# ── links to what came later ─────────────────────────────────────────────────────────────────────


def link(task: Task) -> None:
    """Once the whole pack is in: write the links that could not be written before."""
    article: Article | None = here_of(task)
    task.row.waits = False
    if article is None or task.item.content is None or not as_it_was_left(task):
        return
    held = _held(task, article, {row["sha256"]: row["name"] for row in task.item.content["files"]})
    body = _body(task, task.item.content["body"], {sha: file.id for sha, file in held.items()})
    text = replace(text_of(article), body=body)
    articles.revise(task.session, article, text, by=task.by.id, note=N_("补上互相链接"), duties=DUTIES)
    settled(task)


# ── a text kept for taking back ──────────────────────────────────────────────────────────────────


def as_json(text: ArticleText) -> dict[str, Any]:
    lists = ("keywords", "also", "units")
    names = [name for name in ArticleText.__dataclass_fields__ if name not in lists]
    plain = {name: getattr(text, name) for name in names}
    return {**{name: str(value) if value is not None else None for name, value in plain.items()}} | {
        name: list(getattr(text, name)) for name in lists
    }


def from_json(values: dict[str, Any]) -> ArticleText:
    return ArticleText(
        **{**values, "kind": ArticleKind(values["kind"]), "audience": Audience(values["audience"])}
    )
