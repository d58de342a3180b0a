"""The verbs of the desk's own synonyms: add a group, take one out, bring it back; and the list of them.

Verbs never commit. The invariant: the same words are one group, in whatever order they are written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, String, cast, select
from sqlalchemy.orm import Session

from indexer.characters import fold
from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.finder.synonyms.models import SynonymGroup
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission

LONGEST = 30
MOST_WORDS = 12
MOST_GROUPS = 2_000
DIVIDERS = re.compile(r"[\n,，、;；=＝|]+")
SUBJECT = "synonym"


def words_in(text: str) -> tuple[str, ...]:
    """The expressions that somebody typed, divided by commas, ＝ or lines; each once."""
    found: dict[str, str] = {}
    for word in DIVIDERS.split(text):
        if clean := " ".join(word.split()):
            found.setdefault(fold(clean), clean)
    return tuple(found.values())


def key_of(words: Sequence[str]) -> str:
    """What a group is known by: its words, whatever their order and writing."""
    text = "\n".join(sorted({fold(" ".join(word.split())) for word in words}))
    return f"~{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def check(words: Sequence[str]) -> None:
    """Raise :class:`Refused` when these words are no group."""
    if len(words) < 2:
        raise Refused(N_("请至少写两个意思相同的说法，用逗号隔开。"))
    if len(words) > MOST_WORDS:
        raise Refused(N_("一组最多 %(most)s 个说法。"), most=MOST_WORDS)
    if any(len(word) > LONGEST for word in words):
        raise Refused(N_("一个说法最多 %(most)s 个字；整句的问法请写进知识的“用户也这样问”。"), most=LONGEST)


def add(
    session: Session, words: Sequence[str], *, by: Person, source: str = "", desk: str = ""
) -> SynonymGroup:
    """A new group; one that had been taken out comes back."""
    _check_editor(by)
    check(words)
    group = group_by_key(session, key_of(words))
    if group is not None and group.removed_at is None:
        raise Refused(N_("这组说法已经有了。"))
    if group is None:
        if len(session.scalars(in_use().with_only_columns(SynonymGroup.id)).all()) >= MOST_GROUPS:
            raise Refused(N_("最多 %(most)s 组，请先删去用不上的。"), most=MOST_GROUPS)
        group = SynonymGroup(key=key_of(words))
        session.add(group)
    group.words, group.source, group.desk = list(words), source, desk
    group.by, group.at, group.removed_at, group.removed_by_id = by, now(session), None, None
    session.flush()
    audit.record(session, "add", SUBJECT, subject_id=group.id, by=by, words=list(words), source=source)
    return group


def remove(session: Session, group: SynonymGroup, *, by: Person) -> None:
    """It no longer counts; who took it out is kept."""
    _check_editor(by)
    if group.removed_at is not None:
        raise Refused(N_("这组说法已经删去了。"))
    group.removed_at, group.removed_by_id = now(session), by.id
    session.flush()
    audit.record(session, "remove", SUBJECT, subject_id=group.id, by=by, words=list(group.words))


def _check_editor(by: Person) -> None:
    if not by.may(Permission.PUBLISH_ARTICLES):
        raise Refused(N_("您的岗位不能改同义词。"))


def group_by_key(session: Session, key: str) -> SynonymGroup | None:
    return session.scalar(select(SynonymGroup).where(SynonymGroup.key == key))


def in_use(text: str = "") -> Select[SynonymGroup]:
    """The groups that count, newest first, narrowed to those that hold ``text``."""
    wanted = select(SynonymGroup).where(SynonymGroup.removed_at.is_(None))
    wanted = wanted.where(_says(text)) if text else wanted
    return wanted.order_by(SynonymGroup.id.desc())


def _says(text: str) -> ColumnElement[bool]:
    """JSON is stored with everything but ASCII as escapes."""
    written = json.dumps(text)[1:-1].replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return cast(SynonymGroup.words, String).ilike(f"%{written}%", escape="!")
