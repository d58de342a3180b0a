"""Files that articles bring along become attachments, through the same checks as any upload.

Two keepers for ``kb.importing``: one keeps, one only weighs, for previews and dry runs. The invariant:
a file hangs on the article that shows it and is seen by that article's readers, nobody else.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kb.importing.identity import chunks
from kb.importing.illustrating import Held
from portal.config import Settings
from portal.people.models import Person
from portal.tickets.attachments import Upload, checked_type, clean_name, store
from portal.tickets.models import Attachment

#: Where the files of a preview would be; beyond every id.
PROMISED = 10**17


def held_by(session: Session, articles: Collection[int]) -> Held:
    """(article, sha256) → address of what hangs on these articles and may be shown."""
    found: dict[tuple[int, str], str] = {}
    columns = (Attachment.article_id, Attachment.sha256, Attachment.id)
    for part in chunks(articles):
        wanted = select(*columns).where(Attachment.article_id.in_(part), Attachment.withdrawn_at.is_(None))
        for article, digest, number in session.execute(wanted.order_by(Attachment.id.desc())):
            if article is not None:
                found[article, digest] = f"/files/{number}"
    return found


@dataclass(slots=True)
class DeskKeeper:
    """Keeps files as attachments of ``by``."""

    session: Session
    by: Person
    folder: Path
    limit_mb: int
    locked: bool

    @classmethod
    def of(cls, session: Session, by: Person, settings: Settings) -> DeskKeeper:
        locked = bool(settings.virus_scan)
        return cls(session, by, settings.upload_dir, settings.upload_limit_mb, locked)

    @property
    def largest(self) -> int:
        return self.limit_mb * 1024 * 1024

    def held(self, articles: Collection[int]) -> Held:
        return held_by(self.session, articles)

    def keep(self, name: str, content: bytes, digest: str, *, article: int | None) -> str:
        (stored,) = store(
            self.session,
            [Upload(name, content)],
            by=self.by,
            folder=self.folder,
            limit_mb=self.limit_mb,
            locked=self.locked,
        )
        stored.article_id = article
        self.session.flush()
        return f"/files/{stored.id}"

    def give(self, addresses: Collection[str], article: int) -> None:
        ids = [int(address.rpartition("/")[2]) for address in addresses]
        mine = update(Attachment).where(Attachment.id.in_(ids), Attachment.article_id.is_(None))
        self.session.execute(mine.values(article_id=article))


@dataclass(slots=True)
class Weigher:
    """Judges files as the desk would, and keeps nothing.

    ``promised`` counts them. ``shown``: (name, type, content) by turn, for a preview of one article; None
    where nobody looks.
    """

    session: Session
    limit_mb: int
    promised: int = 0
    shown: list[tuple[str, str, bytes]] | None = None

    @property
    def largest(self) -> int:
        return self.limit_mb * 1024 * 1024

    def held(self, articles: Collection[int]) -> Held:
        return held_by(self.session, articles)

    def keep(self, name: str, content: bytes, digest: str, *, article: int | None) -> str:
        kind = checked_type(Upload(name, content), limit_mb=self.limit_mb)
        if self.shown is not None:
            self.shown.append((clean_name(name), kind, content))
        self.promised += 1
        return f"/files/{PROMISED + self.promised - 1}"

    def give(self, addresses: Collection[str], article: int) -> None:
        """Nothing was kept."""
