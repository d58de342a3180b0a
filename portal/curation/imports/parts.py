"""Working an import off in parts, so that no request and no lock lasts long.

``carry_on`` does the next part of whatever phase is on: the page that shows the progress asks for it, and
the worker does when nobody looks. Nothing commits here; a part that fails whole is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles
from kb.articles import ArticleText
from kb.audience import Audience
from kb.columns import now
from kb.flow import ArticleAction, ArticleState, Refused
from kb.importing.articles import Writer
from kb.importing.outcome import BadFile, Fate, Outcome
from kb.importing.prospects import Prospect
from kb.importing.tending import restore, tended
from kb.models import Article, ArticleKind
from portal.config import Settings
from portal.curation.imports.job import SUBJECT, check_importer, fail
from portal.curation.imports.models import Import, ImportItem, Phase, Stage
from portal.curation.imports.pictures import DeskKeeper
from portal.curation.imports.reading import judged
from portal.curation.imports.staging import drop
from portal.curation.imports.standing import counted
from portal.people import audit
from portal.people.duties import article_duties
from portal.tickets.models import Attachment

DONE_AT_ONCE = 25
#: Beside the words in what was there before: who looks after it, and until when it holds.
TENDED = "tended"
UNTOUCHED = (ArticleState.DRAFT, ArticleState.IN_REVIEW)


def carry_on(session: Session, row: Import, settings: Settings) -> None:
    """Do the next part of the phase that is on; when none is left, enter the next phase."""
    session.refresh(row, ["phase"], with_for_update=True)
    try:
        if row.phase in (Phase.RUNNING, Phase.LINKING):
            check_importer(row.by)
            _write_part(session, row, settings)
        elif row.phase == Phase.UNDOING:
            _undo_part(session, row, settings)
    except BadFile as fault:
        fail(session, row, str(fault), settings)


def _next_part(session: Session, row: Import) -> list[ImportItem]:
    wanted = select(ImportItem).where(ImportItem.import_id == row.id)
    if row.phase == Phase.RUNNING:
        wanted = wanted.where(
            ImportItem.stage == Stage.WAITING, ImportItem.fate.in_((Fate.NEW, Fate.CHANGED))
        )
    elif row.phase == Phase.LINKING:
        wanted = wanted.where(ImportItem.stage == Stage.DONE, ImportItem.links.is_(True))
    else:
        wanted = wanted.where(ImportItem.stage == Stage.DONE)
    backwards = row.phase == Phase.UNDOING  # translations before their originals
    order = ImportItem.turn.desc() if backwards else ImportItem.turn
    return list(session.scalars(wanted.order_by(order).limit(DONE_AT_ONCE)))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def _write_part(session: Session, row: Import, settings: Settings) -> None:
    part = _next_part(session, row)
    if part:
        _write(session, row, part, settings)
    _moved(session, row)
    if len(part) < DONE_AT_ONCE:
        _finish(session, row, settings)


def _write(session: Session, row: Import, part: Sequence[ImportItem], settings: Settings) -> None:
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


def _undo_part(session: Session, row: Import, settings: Settings) -> None:
    part = _next_part(session, row)
    for item in part:
        try:
            with session.begin_nested():
                _take_back(session, row, item)
        except Refused as refusal:
            item.stage, item.sentence = Stage.KEPT, str(refusal)
        except IntegrityError:
            item.stage, item.sentence = Stage.KEPT, N_("已经有别的记录用到这篇知识，没有删除。")
        else:
            item.stage = Stage.UNDONE
    _moved(session, row)
    if len(part) < DONE_AT_ONCE:
        _finish(session, row, settings)


def _take_back(session: Session, row: Import, item: ImportItem) -> None:
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


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────


def _moved(session: Session, row: Import) -> None:
    row.moved_at = now(session)
    session.flush()


def _finish(session: Session, row: Import, settings: Settings) -> None:
    ended = row.phase
    row.phase = {Phase.RUNNING: Phase.LINKING, Phase.LINKING: Phase.DONE, Phase.UNDOING: Phase.UNDONE}[ended]
    session.flush()
    if ended == Phase.RUNNING and not _next_part(session, row):
        _finish(session, row, settings)
    elif ended != Phase.RUNNING:
        if ended == Phase.LINKING:
            row.ended_at = now(session)
        drop(session, row, settings)
        stages = {stage.value: count for (_, stage), count in counted(session, row).items()}
        done = "done" if ended == Phase.LINKING else "undone"
        audit.record(session, done, SUBJECT, subject_id=row.id, by=row.by, **stages)
