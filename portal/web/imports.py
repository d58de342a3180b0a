"""What the pages of every kind of import share: taking files in, and the standing of one.

What is done with one is in ``import_deeds``; the forms are each kind's own, in ``article_uploads`` and
``defect_uploads``. The invariant: no upload is larger than the limit, nor any map that comes along.
"""

from __future__ import annotations

import re
from typing import Any

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from indexer.words import N_
from kb.flow import Refused
from kb.importing.outcome import FATE_LABELS, Fate
from portal.tickets.attachments import Upload
from portal.uploads import job, standing
from portal.uploads.bringing import Bringer, Wish
from portal.uploads.models import MOVING, PHASE_LABELS, STAGE_LABELS, Import, ImportItem, Kind, Phase, Stage
from portal.web.paging import pages
from portal.web.request import db, me
from portal.web.request import parts as app_parts

PER_PAGE = 50
LARGEST_PLAN = 64 * 1024
ENCODINGS = ("auto", "utf-8", "gb18030", "big5", "utf-16")
ENDS = (Stage.DONE, Stage.FAILED, Stage.UNDONE, Stage.KEPT)


def largest() -> int:
    """How large one upload may be, in bytes."""
    return app_parts().settings.upload_limit_mb * 4 * 1024 * 1024


def taken_in(*names: str) -> list[Upload]:
    """The files of these fields of the form."""
    chosen = [storage for name in names for storage in request.files.getlist(name)]
    found = [_taken(storage) for storage in chosen if storage.filename]
    if sum(len(one.content) for one in found) > largest():
        raise Refused(N_("文件超过 %(limit)s MB，请分成几个压缩包。"), limit=largest() >> 20)
    return found


def _taken(storage: FileStorage) -> Upload:
    return Upload(storage.filename or "", storage.stream.read(largest() + 1))


def plan_given() -> str:
    """The map file that came along."""
    chart = request.files.get("map")
    content = chart.stream.read(LARGEST_PLAN + 1) if chart is not None and chart.filename else b""
    if len(content) > LARGEST_PLAN:
        raise Refused(N_("对照表太大。"))
    return content.decode("utf-8-sig", "replace")


def begun(uploads: list[Upload], wish: Wish, bringer: Bringer) -> Import:
    """Take in what was uploaded; what is small is read while the person waits."""
    row = job.begin(db(), me(), uploads, wish, bringer=bringer, settings=app_parts().settings)
    read_if_small(row, bringer)
    return row


def read_if_small(row: Import, bringer: Bringer) -> None:
    settings = app_parts().settings
    if row.size <= job.AT_ONCE and not settings.virus_scan:
        job.read(db(), row, settings, bringer=bringer)


def form_values(kind: Kind, problem: str) -> dict[str, Any]:
    """What the page draws on which files are chosen."""
    return {
        "rows": standing.recent(db(), me(), kind=kind),
        "phases": PHASE_LABELS,
        "encodings": ENCODINGS,
        "problem": problem,
        "given": request.form,
        "limit_mb": largest() >> 20,
    }


def values_of(row: Import) -> dict[str, Any]:
    """What the page of one import draws."""
    counts = standing.counted(db(), row)
    cursor = pages(sum(counts.values()), per_page=PER_PAGE)
    return {
        "row": row,
        "moving": row.phase in MOVING,
        "fates": [(fate, FATE_LABELS[fate], _count(counts, fate=fate)) for fate in Fate],
        "stages": [(stage, STAGE_LABELS[stage], _count(counts, stage=stage)) for stage in ENDS],
        "refusals": _count(counts, fate=Fate.REFUSED),
        "wanted": sum(_count(counts, fate=fate) for fate in (Fate.NEW, Fate.CHANGED)),
        "settled": sum(_count(counts, stage=stage) for stage in _settled(row)),
        "total": sum(counts.values()),
        "items": standing.items_of(db(), row, limit=PER_PAGE, offset=cursor.offset),
        "cursor": cursor,
        "fate_labels": FATE_LABELS,
        "stage_labels": STAGE_LABELS,
        "phases": PHASE_LABELS,
        "may_undo": job.may_undo(db(), row),
        "days": job.UNDO_FOR.days,
    }


def placed(item: ImportItem) -> str:
    """Where it stands in the file, in the viewer's language; it was written down in Chinese."""
    part = item.place.removeprefix(item.file).strip()
    if numbered := re.fullmatch(r"(.+)（第 (\d+) 条）", part):
        part = _("%(id)s（第 %(place)s 条）", id=numbered[1], place=numbered[2])
    elif lined := re.fullmatch(r"第 (\d+) 行", part):
        part = _("第 %(n)s 行", n=lined[1])
    return f"{item.file} {part}".strip()


def _settled(row: Import) -> tuple[Stage, ...]:
    return (Stage.UNDONE, Stage.KEPT) if row.phase == Phase.UNDOING else (Stage.DONE, Stage.FAILED)


def _count(counts: standing.Counts, *, fate: Fate | None = None, stage: Stage | None = None) -> int:
    return sum(
        count for (what, how), count in counts.items() if what == (fate or what) and how == (stage or how)
    )
