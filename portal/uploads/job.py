"""An import from its upload to taking it back: each verb begins a phase, ``parts`` works it off."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.importing.outcome import BadFile, Fate
from kb.importing.rows import ENCODINGS
from portal.config import Settings
from portal.people import audit
from portal.people.models import Person
from portal.tickets.attachments import Upload
from portal.uploads.bringing import Bringer, Seen, Wish
from portal.uploads.models import Import, ImportItem, Phase
from portal.uploads.staging import drop, stage
from portal.uploads.standing import clear

SUBJECT = "import"
MOST_UPLOADS = 500
UNDO_FOR = timedelta(days=7)
#: Confirmed, perhaps in another window.
BEGUN = frozenset({Phase.RUNNING, Phase.LINKING, Phase.DONE, Phase.UNDOING, Phase.UNDONE})
#: Uploads up to this size are read while the person waits; larger ones by the worker.
AT_ONCE = 1024 * 1024


def begin(
    session: Session,
    by: Person,
    uploads: Sequence[Upload],
    wish: Wish,
    *,
    bringer: Bringer,
    settings: Settings,
) -> Import:
    """Take an upload in; nothing of it is read yet. Several files become one archive."""
    bringer.check(by)
    if not uploads:
        raise Refused(N_("请先选择要导入的文件。"))
    if len(uploads) > MOST_UPLOADS:
        raise Refused(N_("一次最多选 %(most)s 个文件，请先打成一个 ZIP 压缩包。"), most=MOST_UPLOADS)
    name, content = _one(uploads)
    _check(name, content, wish, bringer)
    moment = now(session)
    row = Import(
        by=by,
        kind=bringer.kind,
        name=name[:200],
        source=(wish.source.strip() or PurePosixPath(name).name.partition(".")[0] or name)[:100],
        size=len(content),
        plan=wish.plan,
        encoding=wish.encoding,
        split=wish.split,
        submits=wish.submits,
        stored_as=stage(session, content, settings),
        at=moment,
        moved_at=moment,
    )
    session.add(row)
    session.flush()
    return row


def _one(uploads: Sequence[Upload]) -> tuple[str, bytes]:
    if len(uploads) == 1:
        return PurePosixPath(uploads[0].name.replace("\\", "/")).name, uploads[0].content
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_STORED) as archive:
        for upload in uploads:
            archive.writestr(upload.name.replace("\\", "/").lstrip("/"), upload.content)
    top = PurePosixPath(uploads[0].name.replace("\\", "/")).parts[0]
    stem = top if all(upload.name.startswith(f"{top}/") for upload in uploads) else N_("多个文件")
    return f"{stem}.zip", held.getvalue()


def _check(name: str, content: bytes, wish: Wish, bringer: Bringer) -> None:
    try:
        bringer.fits(name, wish)
    except BadFile as fault:
        raise Refused("%(why)s", why=str(fault)) from fault
    if not content:
        raise Refused(N_("“%(name)s”是空文件，请检查后重新选择。"), name=name)
    if wish.encoding not in ENCODINGS:
        raise Refused(N_("不认识这种编码。"))


def read(session: Session, row: Import, settings: Settings, *, bringer: Bringer) -> None:
    """Read the upload and say what would become of everything in it; a file that can't be used ends it."""
    if row.phase != Phase.READING:
        return
    try:
        seen = bringer.read(session, row, settings)
    except BadFile as fault:
        fail(session, row, str(fault), settings)
        return
    note(session, row, seen)


def note(session: Session, row: Import, seen: Seen) -> None:
    """What the reading found is the preview now."""
    session.add_all(seen.items)
    row.found, row.sentence = seen.found, seen.sentence
    _enter(session, row, Phase.PREVIEWED)


def fail(session: Session, row: Import, sentence: str, settings: Settings) -> None:
    row.sentence, row.ended_at = sentence, now(session)
    drop(session, row, settings)
    _enter(session, row, Phase.FAILED)


def read_again(session: Session, row: Import, plan: str, *, bringer: Bringer) -> None:
    """Another plan: the preview goes, and the same upload is read anew."""
    bringer.check(row.by)
    if row.phase != Phase.PREVIEWED:
        raise Refused(N_("这次导入已经执行，不能再改对照。"))
    clear(session, row)
    row.plan, row.sentence = plan, ""
    _enter(session, row, Phase.READING)


def confirm(session: Session, row: Import, *, bringer: Bringer) -> None:
    """Do what the preview says."""
    bringer.check(row.by)
    if row.phase in BEGUN:
        raise Refused(N_("这次导入已经开始了，不用再点；返回后刷新页面，就能看到结果。"))
    if row.phase != Phase.PREVIEWED:
        raise Refused(N_("请先看过预览，再导入。"))
    wanted = ImportItem.fate.in_((Fate.NEW, Fate.CHANGED))
    some = session.scalar(select(ImportItem.turn).where(ImportItem.import_id == row.id, wanted).limit(1))
    if some is None:
        raise Refused(bringer.nothing)
    audit.record(session, "apply", SUBJECT, subject_id=row.id, by=row.by, file=row.name, source=row.source)
    _enter(session, row, Phase.RUNNING)


def may_undo(session: Session, row: Import) -> bool:
    """Is there a way back, and is it still open?"""
    ended = row.ended_at
    return row.phase == Phase.DONE and ended is not None and now(session) - ended <= UNDO_FOR


def undo(session: Session, row: Import, *, bringer: Bringer) -> None:
    """Take back what nobody has touched since."""
    bringer.check(row.by)
    if not may_undo(session, row):
        raise Refused(N_("已经撤销过，或者超过七天，不能撤销了。"))
    audit.record(session, "undo", SUBJECT, subject_id=row.id, by=row.by)
    _enter(session, row, Phase.UNDOING)


def _enter(session: Session, row: Import, phase: Phase) -> None:
    row.phase, row.moved_at = phase, now(session)
    session.flush()
