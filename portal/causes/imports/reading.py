"""From an uploaded export to its preview: what each row would become. Writes nothing to the database.

The same question is asked again for some of the rows when they are shown or written. The invariant: what is
shown and what is written come out of one function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.importing import FIELDS, Batch, batch_of, is_duplicate
from defects.prospects import Prospect, prospects
from indexer.words import N_
from kb.importing.identity import Key, chunks
from kb.importing.outcome import BadFile, Fate, Fault, Outcome, Record, Row
from kb.importing.plan import Plan, Table
from kb.importing.rows import Reading, read_upload
from portal.causes.imports.choices import mapped_by
from portal.causes.imports.shapes import TRACKERS, Shape, shape_of, source_of
from portal.causes.imports.survey import Survey, surveyed
from portal.causes.trackers.columns import header_of, recognised
from portal.causes.trackers.files import File
from portal.causes.trackers.issue import Issue
from portal.causes.trackers.mapping import Mapped
from portal.causes.trackers.reading import GROWING, issues_of, mapped_records
from portal.config import Settings
from portal.tickets.references import References
from portal.uploads.bringing import Seen
from portal.uploads.items import as_json, numbered
from portal.uploads.models import Import, ImportItem
from portal.uploads.staging import at_hand

#: More than this in one go is a matter for the command.
MOST_RECORDS = 5_000
#: Of a row's columns those that a record has.
KEPT = frozenset(one.name for one in FIELDS)
TOO_MANY = N_("一次最多导入 %(most)s 条，请分成几个文件，或请管理员用命令导入。")
NOT_NAMED = N_("没有认出哪一列是编号、哪一列是概要，请在下面的对照里选择。")
NONE_TAKEN = N_("文件里没有算作缺陷的条目，请在下面的对照里勾选问题类型。")


def read(session: Session, row: Import, settings: Settings) -> Seen:
    """Everything that the upload would bring, and the words that it uses; raises :class:`BadFile`."""
    file = File(row.name, at_hand(row, settings))
    shape = shape_of(file, encoding=row.encoding)
    mapped = mapped_by(row.plan)
    survey = Survey(shape.value, mapped.source or source_of(shape, file))
    if shape == Shape.OWN:
        return _seen(session, row, _own(row, file, survey.source), survey)
    return _foreign(session, row, file, mapped, survey)


def _foreign(session: Session, row: Import, file: File, mapped: Mapped, survey: Survey) -> Seen:
    shape = Shape(survey.shape)
    if shape in (Shape.TABLE, Shape.JIRA) and file.start()[:1] not in (b"<", b"{", b"["):
        survey.header = header_of(file.name, file.whole(), encoding=row.encoding)
        survey.columns = recognised(survey.header, mapped.columns)
        if not survey.columns.keys() >= {"id", "summary"}:
            return Seen([], survey.as_dict(), NOT_NAMED)
    issues: list[Issue] = []
    for issue in issues_of(file, TRACKERS[shape], mapped, encoding=row.encoding):
        issues.append(issue)
        if len(issues) > MOST_RECORDS:
            raise BadFile(TOO_MANY % {"most": MOST_RECORDS})
    surveyed(issues, mapped, survey)
    records = mapped_records(file, issues, mapped, source=survey.source)
    return _seen(session, row, records, survey) if records else Seen([], survey.as_dict(), NONE_TAKEN)


def _own(row: Import, file: File, source: str) -> list[Record]:
    """Rows under our own names, or under what the template calls them."""
    rows: list[Row] = []
    for one in read_upload(_called(file), file.path, Reading(row.encoding)):
        rows.append(one)
        if len(rows) > MOST_RECORDS:
            raise BadFile(TOO_MANY % {"most": MOST_RECORDS})
    have = {column for one in rows for column in one.values}
    by_meaning = {one.name: one.meaning for one in FIELDS if one.meaning in have and one.name not in have}
    plan = Plan((Table(fields=by_meaning),), required=("title", "system"))
    return list(plan.records(rows, source=source))


def _called(file: File) -> str:
    """The name by which its reader is found: a table that is called otherwise is a table all the same."""
    name = file.name.lower().removesuffix(".gz")
    if name.endswith((".csv", ".tsv", ".xlsx", ".jsonl", ".ndjson")):
        return file.name
    return f"{file.name}.jsonl" if file.start()[:1] == b"{" else f"{file.name}.csv"


def _seen(session: Session, row: Import, records: Sequence[Record], survey: Survey) -> Seen:
    outcome = Outcome()
    batch = _batch(session, records, outcome, own=survey.shape == Shape.OWN)
    found = [
        _item(one)
        for part in chunks(sorted(batch.drafts, key=is_duplicate))
        for one in prospects(session, part, batch.known, growing=_growing(survey.shape))
    ]
    found += [_refused(fault) for fault in outcome.faults]
    return Seen(numbered(row, found), survey.as_dict())


def _batch(
    session: Session,
    records: Sequence[Record],
    outcome: Outcome,
    *,
    own: bool,
    beside: Sequence[Key] = (),
) -> Batch:
    references = References(session)
    references.expect(records, "owner_middle", "owner_back")
    settle = references.of_defect if own else references.of_foreign_defect
    return batch_of(session, records, outcome, settle=settle, beside=beside)


def _growing(shape: str) -> tuple[str, ...]:
    return () if shape == Shape.OWN else GROWING


def _item(found: Prospect) -> ImportItem:
    draft, defect = found.draft, found.defect
    return ImportItem(
        file=draft.row.file,
        row=draft.row.number,
        place=draft.row.place,
        source=draft.key[0],
        external_id=draft.key[1],
        title=found.text.title[:300],
        given=as_json(draft.record.fields, KEPT),
        fate=found.fate,
        remarks=list(draft.row.remarks),
        defect_id=defect.id if defect else None,
        seen=defect.version if defect else None,
    )


def _refused(fault: Fault) -> ImportItem:
    row = fault.row
    title = row.values.get("summary") or row.values.get("title") or row.values.get("标题") or ""
    return ImportItem(
        file=row.file,
        row=row.number,
        place=row.place,
        title=str(title)[:300],
        given={str(name): _said_as(value) for name, value in row.values.items()},
        fate=Fate.REFUSED,
        sentence=fault.reason,
        remarks=list(row.remarks),
    )


def _said_as(value: object) -> str:
    return "、".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")


# ── some of the items again ──────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Again:
    """Some items, judged anew: what becomes of each now, and what is refused now."""

    batch: Batch
    prospects: list[Prospect]
    refused: dict[str, str] = field(default_factory=dict)

    def by_key(self) -> dict[Key, Prospect]:
        return {found.draft.key: found for found in self.prospects}


def judged(session: Session, row: Import, items: Sequence[ImportItem]) -> Again:
    """Ask again about these items of an import; the upload is not needed any more."""
    shape, outcome = str(row.found.get("shape", "")), Outcome()
    records = [_record(item) for item in items]
    batch = _batch(session, records, outcome, own=shape == Shape.OWN, beside=_keys(session, row))
    found = list(prospects(session, batch.drafts, batch.known, growing=_growing(shape)))
    refused = {_place(fault.row.file, fault.row.number): fault.reason for fault in outcome.faults}
    return Again(batch, found, refused)


def why_refused(again: Again, item: ImportItem) -> str:
    return again.refused.get(_place(item.file, item.row), "")


def _place(file: str, row: int) -> str:
    return f"{file}\n{row}"


def _record(item: ImportItem) -> Record:
    fields: dict[str, Any] = {**item.given, "source": item.source, "external_id": item.external_id}
    return Record(Row(item.file, item.row, fields), fields)


def _keys(session: Session, row: Import) -> list[Key]:
    """Everything else that comes in the same import, so that a duplicate finds its original."""
    columns = (ImportItem.source, ImportItem.external_id)
    wanted = select(*columns).where(ImportItem.import_id == row.id, ImportItem.fate != Fate.REFUSED)
    return [(source, external_id) for source, external_id in session.execute(wanted)]
