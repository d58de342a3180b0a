"""Writing some articles of an import, tying them together, and taking one back.

The phases are ``portal.uploads.parts``'s. The invariant: each is asked again at the moment it is written, and
what somebody has touched since is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience
from kb.columns import now
from kb.flow import ArticleAction, ArticleState, Refused
from kb.importing.articles import Writer
from kb.importing.outcome import Fate, Outcome
from kb.importing.prospects import Prospect
from kb.importing.tending import restore, tended
from kb.models import Article, ArticleKind
from portal.config import Settings
from portal.curation.imports.pictures import DeskKeeper
from portal.curation.imports.reading import judged
from portal.people.duties import article_duties
from portal.tickets.models import Attachment
from portal.uploads.models import Import, ImportItem, Phase, Stage

#: Beside the words in what was there before: who looks after it, and until when it holds.
TENDED = "tended"
UNTOUCHED = (ArticleState.DRAFT, ArticleState.IN_REVIEW)


def write(session: Session, row: Import, part: Sequence[ImportItem], settings: Settings) -> None:
    keeper = DeskKeeper.of(session, row.by, settings)
    again = judged(session, row, part, settings, keeper)
    found = again.by_key()
    linking = row.phase == Phase.LINKING
    ready: list[tuple[ImportItem, Prospect]] = []
    for item in part:
        one = found.get((item.source, item.external_id))
        why = _why_not(item, one) or again.refused.get(f"{item.file}\n{item.row}", "")
        if one is None or why:
            _refuse(item, why or N_("现在不能导入。"), linking=linking)
        else:
            ready.append((item, one))
    for item, one in ready:
        item.before = item.before or (_before(one.article) if one.article is not None else {})
    writer = Writer(session, again.batch, Outcome(), by=row.by_id, keeper=keeper)
    writer.write([one for _, one in ready])
    for item, one in ready:
        _written(session, row, item, one, linking=linking)


def _why_not(item: ImportItem, found: Prospect | None) -> str:
    """The reason why this one is not written now."""
    if found is None:
        return ""
    if found.fate == Fate.REFUSED:
        return found.sentence
    if item.stage == Stage.DONE:  # links that were still open
        article = found.article
        changed = article is None or article.version != item.after
        return N_("导入之后有人改过，没有再补链接。") if changed else ""
    if (found.article.version if found.article is not None else None) != item.seen:
        return N_("预览之后有人改过，没有导入；请重新上传再看。")
    return ""


def _refuse(item: ImportItem, why: str, *, linking: bool) -> None:
    item.links = False
    if linking:
        item.remarks = [*item.remarks, why]
    else:
        item.stage, item.sentence = Stage.FAILED, why


def _written(session: Session, row: Import, item: ImportItem, found: Prospect, *, linking: bool) -> None:
    article = found.article
    assert article is not None  # the writer has seen to it
    if row.submits and not linking and item.fate == Fate.NEW:
        duties = article_duties(row.by)
        articles.move(session, article, ArticleAction.SUBMIT, by=row.by_id, duties=duties)
    session.flush()
    item.article_id, item.after, item.stage = article.id, article.version, Stage.DONE
    item.links = found.awaits and not linking
    item.files = [*item.files, *(int(address.rpartition("/")[2]) for address in found.fresh)]


def _before(article: Article) -> dict[str, object]:
    kept = asdict(articles.text_of(article))
    words = {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}
    return {**words, TENDED: tended(article)}


# ── taking back ──────────────────────────────────────────────────────────────────────────────────


def take_back(session: Session, row: Import, item: ImportItem) -> None:
    article = session.get(Article, item.article_id) if item.article_id else None
    if article is None:
        return
    if article.version != item.after:
        raise Refused(N_("导入之后有人改过，没有撤销。"))
    if item.fate == Fate.CHANGED:
        note = N_("撤销导入")
        duties = article_duties(row.by)
        articles.revise(session, article, _text(item.before), by=row.by_id, note=note, duties=duties)
        if isinstance(kept := item.before.get(TENDED), dict):
            restore(article, kept)
        return
    if article.state not in UNTOUCHED:
        raise Refused(N_("已经发布，没有撤销；不再需要时请下线。"))
    _withdraw_files(session, row, article)
    item.article_id = None
    session.flush()
    session.delete(article)
    session.flush()


def _text(before: dict[str, object]) -> ArticleText:
    before = {name: value for name, value in before.items() if name != TENDED}
    kept = {**before, "kind": ArticleKind(str(before["kind"])), "audience": Audience(str(before["audience"]))}
    return ArticleText(**kept)  # type: ignore[arg-type]


def _withdraw_files(session: Session, row: Import, article: Article) -> None:
    """Nobody has them any more; that they were there is kept."""
    for attachment in session.scalars(select(Attachment).where(Attachment.article_id == article.id)):
        attachment.article_id = None
        attachment.withdrawn_at, attachment.withdrawn_by_id = now(session), row.by_id
        attachment.withdrawn_why = N_("导入已撤销")
