"""A throw-away desk for ``tierdesk bench``: made-up articles and defects in a database of its own.

It is filled past the verbs and the outbox, for the index is built anew afterwards. The invariant: nothing of
it touches the installation whose encoder and word engine it borrows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from defects.flow import DefectState
from defects.models import Defect
from kb.audience import Audience
from kb.flow import ArticleState
from kb.models import Article, ArticleKind
from portal.catalogue.models import System
from portal.cli.demo import NOT_OURS
from portal.people.login import issue_token
from portal.people.models import Person, Unit
from portal.sample.made_up import SYSTEMS, Text, texts

CHUNK = 500
#: One record in five is a defect; three defects in four may be shown to everybody.
DEFECT_EVERY = 5


def environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The server's surroundings: everything as here, but every place in ``folder``."""
    kept = {name: value for name, value in environ.items() if name not in NOT_OURS}
    return kept | {"TIERDESK_DATA_DIR": str(folder), "TIERDESK_SECURE_COOKIES": "false"}


def fill(session: Session, count: int, *, at: datetime, tell: Callable[[int], None]) -> str:
    """The whole desk with one employee; returns the token that employee calls with."""
    unit = Unit(code="hq", name="压测公司", kind="company", path="/hq/")
    person = Person(login="bench", name="压测", unit=unit, password_hash="", created_at=at)
    session.add_all([person, *(System(code=f"S{n}", name=f"第{n}号系统") for n in range(SYSTEMS))])
    session.flush()
    made = texts(count)
    while chunk := list(islice(made, CHUNK)):
        _insert(session, Article, _articles(chunk, person.id, at))
        _insert(session, Defect, _defects(chunk, person.id, at))
        tell(len(chunk))
    _, token = issue_token(session, person, "bench", scopes=["read", "write"], days=1)
    return token


def _insert(session: Session, model: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    if held := list(rows):
        session.execute(insert(model), held)


def _is_defect(text: Text) -> bool:
    return text.number % DEFECT_EVERY == DEFECT_EVERY - 1


def _articles(chunk: Iterable[Text], author: int, at: datetime) -> Iterator[dict[str, Any]]:
    for text in chunk:
        if not _is_defect(text):
            yield {
                "number": f"KB{text.number:06d}",
                "kind": ArticleKind.FAQ,
                "title": text.title,
                "body": text.body,
                "system": text.system,
                "module": text.module,
                "keywords": [text.code] if text.code else [],
                "audience": Audience.STAFF if text.is_for_staff else Audience.EVERYONE,
                "state": ArticleState.PUBLISHED,
                "author_id": author,
                "created_at": at,
                "updated_at": at,
                "published_at": at,
            }


def _defects(chunk: Iterable[Text], author: int, at: datetime) -> Iterator[dict[str, Any]]:
    for text in chunk:
        if _is_defect(text):
            yield {
                "number": f"QX{text.number:06d}",
                "title": text.title,
                "system": text.system,
                "module": text.module,
                "state": DefectState.CONFIRMED,
                "symptoms": [text.body[:120]],
                "workaround": text.body[120:],
                "codes": [text.code] if text.code else [],
                "shown_to_users": not text.is_for_staff,
                "created_by": author,
                "created_at": at,
                "updated_at": at,
            }
