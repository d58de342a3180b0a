"""What would become of each record that a file brings, before anything is written.

The import writes by the same answer, so that what a preview shows is what comes. The invariant: what a row
does not mention stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects.models import Defect
from defects.texts import DefectText, as_stored, text_of
from kb.importing.identity import Key
from kb.importing.loading import Draft
from kb.importing.outcome import Fate

OWNERS = ("owner_middle", "owner_back")


@dataclass(frozen=True, slots=True)
class Prospect:
    """One draft and what is here of it: ``before`` is what the record says now, ``text`` what it will."""

    draft: Draft
    text: DefectText
    defect: Defect | None = None
    before: DefectText | None = None

    @property
    def fate(self) -> Fate:
        if self.before is None:
            return Fate.NEW
        return Fate.CHANGED if self.changed else Fate.UNCHANGED

    @property
    def changed(self) -> tuple[str, ...]:
        """The fields that would say something else."""
        names = DefectText.__dataclass_fields__ if self.before is not None else ()
        return tuple(name for name in names if getattr(self.before, name) != getattr(self.text, name))


def prospects(
    session: Session, drafts: Sequence[Draft], known: Mapping[Key, int], *, growing: Collection[str] = ()
) -> Iterator[Prospect]:
    """One for each draft, in order; a query for all of them. ``growing``: lists that only grow."""
    ids = [known[draft.key] for draft in drafts if draft.key in known]
    present = {row.id: row for row in session.scalars(select(Defect).where(Defect.id.in_(ids)))}
    for draft in drafts:
        defect = present.get(known.get(draft.key, 0))
        if defect is None:
            yield Prospect(draft, written(draft.values))
        else:
            before = text_of(defect)
            text = as_stored(session, _mentioned(before, draft, growing=growing))
            yield Prospect(draft, text, defect, before)


def written(values: Mapping[str, Any]) -> DefectText:
    """Everything that a new record says."""
    own = {field.name: values[field.name] for field in fields(DefectText) if field.name in values}
    return DefectText(**own)


def _mentioned(before: DefectText, draft: Draft, *, growing: Collection[str]) -> DefectText:
    """What a known record says after this row."""
    given = set(draft.record.fields)
    given |= {f"{name}_id" for name in OWNERS if name in given}
    text = written(draft.values)
    said = {field.name: getattr(text, field.name) for field in fields(DefectText) if field.name in given}
    if growing and before.key:
        said.pop("due_on", None)  # what is promised here of a key problem is not another tracker's to change
    for name in growing:
        if name in said:
            said[name] = tuple(dict.fromkeys([*getattr(before, name), *said[name]]))
    return replace(before, **said)
