"""The articles that one import brings, read and put in relation: which is whose translation, which are
known here, under which number each will stand.

The invariant: nothing is written here; what can't stand is told in the outcome and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb import articles
from kb.importing.crossing import Crossing, Here
from kb.importing.fields import Field
from kb.importing.identity import OWN, Key, chunks, ids_of, numbered
from kb.importing.loading import Draft, Settle, drafts_of
from kb.importing.outcome import Outcome, Record
from kb.models import Article


@dataclass(slots=True)
class Batch:
    """``parents``: translation → original. ``known``: key → id here. ``numbers``: key → number here."""

    drafts: list[Draft]
    parents: dict[Key, Key]
    known: dict[Key, int]
    numbers: dict[Key, str] = field(default_factory=dict)
    crossing: Crossing = field(default_factory=Crossing)

    def in_order(self) -> list[Draft]:
        """Originals first, so that a translation finds the id of what it translates."""
        return sorted(self.drafts, key=lambda draft: draft.key in self.parents)

    def parts(self) -> Iterator[list[Draft]]:
        """As many at a time as one statement asks for."""
        yield from chunks(draft for draft in self.drafts if draft.key not in self.parents)
        yield from chunks(draft for draft in self.drafts if draft.key in self.parents)


def batch_of(
    session: Session,
    records: Iterable[Record],
    fields: Sequence[Field],
    outcome: Outcome,
    *,
    originals: dict[int, int],
    settle: Settle | None = None,
) -> Batch:
    """Everything that the records bring; ``originals``: table of the plan → the table it translates."""
    drafts = drafts_of(records, fields, outcome, settle=settle)
    parents = _parents(drafts, originals)
    keys = list(dict.fromkeys([*(draft.key for draft in drafts), *parents.values()]))
    known = ids_of(session, Article, keys)
    batch = Batch(_with_parents(drafts, parents, known, outcome), parents, known)
    batch.numbers = _numbers(session, batch)
    batch.crossing = _crossing(batch)
    return batch


def _parents(drafts: Sequence[Draft], originals: dict[int, int]) -> dict[Key, Key]:
    """translation → original: said by the plan's tables, or by the row's own field."""
    by_row = {(id(draft.row), draft.record.table): draft.key for draft in drafts}
    parents: dict[Key, Key] = {}
    for draft in drafts:
        table = originals.get(draft.record.table)
        if table is not None:
            parents[draft.key] = by_row[id(draft.row), table]
        elif draft.values["translation_of"]:
            parents[draft.key] = _named(draft.values["translation_of"], draft.values["source"])
    return parents


def _named(words: str, source: str) -> Key:
    """``id`` in the row's own source, or ``source|id`` in another."""
    other, bar, external_id = words.partition("|")
    return (other, external_id) if bar else (source, words)


def _with_parents(
    drafts: list[Draft], parents: dict[Key, Key], known: dict[Key, int], outcome: Outcome
) -> list[Draft]:
    """Leave out translations of nothing, and of translations."""
    here = {draft.key for draft in drafts}
    kept = []
    for draft in drafts:
        parent = parents.get(draft.key)
        if parent is not None and parent not in here and parent not in known:
            outcome.refuse(draft.row, N_("译自的原文 %(id)s 不在文件里，也没有导入过。") % {"id": parent[1]})
        elif parent is not None and (parent in parents or parent == draft.key):
            outcome.refuse(draft.row, N_("译自的 %(id)s 本身是译文，请指向原文。") % {"id": parent[1]})
        else:
            kept.append(draft)
    return kept


def _numbers(session: Session, batch: Batch) -> dict[Key, str]:
    """Under which number each stands, or will: new ones are counted on in the order of writing."""
    there: dict[int, str] = {}
    for part in chunks(batch.known.values()):
        rows = session.execute(select(Article.id, Article.number).where(Article.id.in_(part)))
        there |= dict(rows.all())
    fresh = numbered(articles.next_number(session))
    return {
        draft.key: there[batch.known[draft.key]] if draft.key in batch.known else next(fresh)
        for draft in batch.in_order()
    }


def _crossing(batch: Batch) -> Crossing:
    found = Crossing()
    for draft in batch.drafts:
        here = Here(batch.numbers[draft.key], draft.values["title"])
        if draft.row.find is not None:
            found.files.setdefault(draft.row.file, here)
        if stated := stated_number(draft):
            found.numbers.setdefault(stated, here)
    return found


def stated_number(draft: Draft) -> str:
    """The number that an export wrote beside the identity of an article."""
    stated = draft.record.fields.get("number")
    if isinstance(stated, str) and stated.startswith("KB"):
        return stated
    return draft.key[1].partition("@")[0] if draft.key[0] == OWN else ""
