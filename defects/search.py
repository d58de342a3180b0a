"""What the index is told about a defect record."""

from __future__ import annotations

from defects.flow import DEAD
from defects.models import Defect
from defects.queries import is_public
from indexer.document import Document
from kb.audience import Audience

KIND = "defect"


def is_searchable(defect: Defect) -> bool:
    """Duplicates answer through the record they were merged into; non-defects answer nothing."""
    return defect.state not in DEAD


def document_of(defect: Defect) -> Document:
    """The record as the index sees it. The root cause is for staff: it stays out of what users match."""
    facets = {
        "system": defect.system,
        "module": defect.module,
        "state": defect.state,
        "type": defect.type,
        "language": "zh",
        "month": f"{defect.updated_at:%Y-%m}",  # of UTC, as stored
    }
    audience = {str(Audience.STAFF)} | ({str(Audience.EVERYONE)} if is_public(defect) else set())
    return Document(
        kind=KIND,
        id=str(defect.id),
        title=defect.title,
        body="\n".join(part for part in (*defect.symptoms, defect.workaround) if part),
        also=tuple(defect.symptoms),
        codes=(defect.number, *defect.codes),
        facets={name: str(value) for name, value in facets.items() if value},
        audience=frozenset(audience),
        version=f"{defect.id}:{defect.version}",
    )
