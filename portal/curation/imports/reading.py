"""From an upload to its preview: what each row would become. Reads the database and writes nothing to it.

Also here: the same question asked again for some of the items, when they are shown or written. The
invariant: what is shown and what is written come out of one function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.importing.articles import FIELDS
from kb.importing.batch import Batch, batch_of, stated_number
from kb.importing.crossing import Here
from kb.importing.illustrating import Keeper
from kb.importing.outcome import BadFile, Fate, Fault, Outcome, Record, Row
from kb.importing.plan import Plan, plan_from, plan_with
from kb.importing.prospects import Judge, Prospect
from kb.importing.rows import Reading, finds_of, read_upload
from kb.models import Article
from portal.config import Settings
from portal.curation.imports.pictures import Weigher
from portal.curation.imports.rights import settling
from portal.people.duties import article_duties
from portal.uploads.bringing import Seen
from portal.uploads.items import as_json, numbered
from portal.uploads.models import Import, ImportItem
from portal.uploads.staging import at_hand

#: More than this in one go is a matter for the command.
MOST_ARTICLES = 5_000
#: Of a row's columns those that an article has.
KEPT = frozenset({*(one.name for one in FIELDS), "number"})


def read(session: Session, row: Import, settings: Settings) -> Seen:
    """Everything that the upload would bring; raises :class:`BadFile` when it can't be used at all."""
    outcome = Outcome()
    batch = _batch(session, row, settings, outcome)
    judge = _judge(session, row, batch, Weigher(session, settings.upload_limit_mb))
    found = [_item(one, batch) for part in batch.parts() for one in judge.prospects(part)]
    found += [_refused(fault) for fault in outcome.faults]
    return Seen(numbered(row, found))


def plan_of(row: Import) -> Plan:
    plan = plan_from(N_("对照表"), row.plan.encode(), "article") if row.plan else Plan()
    return plan_with(plan, FIELDS, source=row.source)


def reading_of(row: Import) -> Reading:
    return Reading(row.encoding, row.split)


def _batch(session: Session, row: Import, settings: Settings, outcome: Outcome) -> Batch:
    path = at_hand(row, settings)
    plan = plan_of(row)
    rows: list[Row] = []
    for one in read_upload(row.name, path, reading_of(row)):
        rows.append(one)
        if len(rows) * len(plan.tables) > MOST_ARTICLES:
            raise BadFile(
                N_("一次最多导入 %(most)s 篇，请分成几个文件，或请管理员用命令导入。")
                % {"most": MOST_ARTICLES}
            )
    records = list(plan.records(rows, source=row.source))
    settle = settling(session, row.by)
    return batch_of(session, records, FIELDS, outcome, originals=plan.originals, settle=settle)


def _judge(session: Session, row: Import, batch: Batch, keeper: Keeper) -> Judge:
    return Judge(session, batch, keeper=keeper, duties=article_duties(row.by))


def _item(found: Prospect, batch: Batch) -> ImportItem:
    draft, article = found.draft, found.article
    return ImportItem(
        file=draft.row.file,
        row=draft.row.number,
        place=draft.row.place,
        source=draft.key[0],
        external_id=draft.key[1],
        parent=list(batch.parents.get(draft.key, ())),
        title=found.text.title[:300],
        stated=stated_number(draft)[:20],
        given=as_json(draft.record.fields, KEPT),
        fate=found.fate,
        remarks=found.remarks,
        sentence=found.sentence,
        article_id=article.id if article else None,
        seen=article.version if article else None,
    )


def _refused(fault: Fault) -> ImportItem:
    row = fault.row
    return ImportItem(
        file=row.file,
        row=row.number,
        place=row.place,
        title=str(row.values.get("title") or "")[:300],
        fate=Fate.REFUSED,
        sentence=fault.reason,
    )


# ── some of the items again ──────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Again:
    """Some items, read and judged anew: what becomes of each now, and what is refused now."""

    batch: Batch
    prospects: list[Prospect]
    refused: dict[str, str] = field(default_factory=dict)

    def by_key(self) -> dict[tuple[str, str], Prospect]:
        return {found.draft.key: found for found in self.prospects}


def judged(
    session: Session, row: Import, items: Sequence[ImportItem], settings: Settings, keeper: Keeper
) -> Again:
    """Ask again about these items of an import; raises :class:`BadFile` when the upload is gone."""
    path = at_hand(row, settings)
    finds = finds_of(row.name, path, {item.file for item in items}, reading_of(row))
    outcome = Outcome()
    records = [_record(item, finds.get((item.file, item.row)) or finds.get((item.file, 0))) for item in items]
    settle = settling(session, row.by)
    batch = batch_of(session, records, FIELDS, outcome, originals={}, settle=settle)
    _tell_of_the_others(session, row, batch)
    judge = _judge(session, row, batch, keeper)
    again = Again(batch, judge.prospects(batch.in_order()))
    again.refused = {f"{fault.row.file}\n{fault.row.number}": fault.reason for fault in outcome.faults}
    return again


def _record(item: ImportItem, find: Any) -> Record:
    fields: dict[str, Any] = {**item.given, "source": item.source, "external_id": item.external_id}
    if item.parent:
        fields["translation_of"] = "|".join(item.parent)
    return Record(Row(item.file, item.row, fields, find=find), fields)


def _tell_of_the_others(session: Session, row: Import, batch: Batch) -> None:
    """Where links lead that point at other articles of the import: those there are, those to come."""
    crossing = batch.crossing
    columns = (ImportItem.file, ImportItem.stated, ImportItem.title, Article.number)
    others = select(*columns).outerjoin(Article, Article.id == ImportItem.article_id)
    others = others.where(ImportItem.import_id == row.id, ImportItem.fate != Fate.REFUSED)
    listed = session.execute(others.order_by(ImportItem.turn)).all()
    there = [(file, stated, Here(number, title)) for file, stated, title, number in listed if number]
    for file, stated, here in there:
        crossing.files.setdefault(file, here)
        crossing.numbers |= {stated: here} if stated and stated not in crossing.numbers else {}
    crossing.later = {name for file, stated, _, number in listed if not number for name in (file, stated)}
    crossing.later -= {"", *crossing.files, *crossing.numbers}
