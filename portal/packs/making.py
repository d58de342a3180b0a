"""Making a pack: choose, put into the words of packs, hash, sign, write one file.

Lines are written to a scratch folder as they come, so that memory holds a few hundred items. What is sent
is written on the line of each item, so that what comes back is known for a later version of it. Nothing
commits here. The invariant: tickets, people and figures are in no pack.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.importing.identity import chunks
from portal.catalogue.queries import module_names, system_names
from portal.finder.synonyms.models import SynonymGroup
from portal.packs import archive, canonical, discretion, portable, ties, wishes
from portal.packs.archive import Member
from portal.packs.idents import ident_of
from portal.packs.lineage import state_of
from portal.packs.manifest import FILES, LINES, MOST_ITEMS, Entry, Manifest
from portal.packs.models import PackMade, PackTie
from portal.packs.schema import Item
from portal.packs.signing import OwnKey
from portal.packs.wishes import Wish
from portal.packs.words import BadPack, Kind
from portal.people import audit
from portal.people.models import Person, Unit
from portal.tickets.attachments import path_of
from portal.tickets.models import Attachment

SUBJECT = "pack"


@dataclass(slots=True)
class Workshop:
    """Where a pack is put together, and what is known of it so far."""

    session: Session
    wish: Wish
    desk: str
    scratch: Path
    uploads: Path
    entries: list[Entry] = field(default_factory=list)
    parts: list[tuple[Member, Path]] = field(default_factory=list)
    files: dict[str, Attachment] = field(default_factory=dict)
    named: dict[str, set[str]] = field(
        default_factory=lambda: {"system": set(), "module": set(), "unit": set()}
    )
    languages: set[str] = field(default_factory=set)

    def note(self, content: dict[str, Any]) -> None:
        """Remember which names of this desk the receiver will need."""
        if system := content.get("system"):
            self.named["system"].add(system)
        if module := content.get("module"):
            self.named["module"].add(f"{content['system']}/{module}")
        self.named["unit"].update(content.get("units", ()))
        if language := content.get("language"):
            self.languages.add(language)


def make(
    session: Session,
    wish: Wish,
    *,
    by: Person | None,
    key: OwnKey,
    name: str,
    uploads: Path,
    out: Path,
) -> PackMade:
    """Write the pack to ``out``; ``name`` is what this desk is called. Raises :class:`BadPack` when empty."""
    desk = ties.this_desk(session)
    desk.serial += 1
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".pack-") as scratch:
        workshop = Workshop(session, wish, desk.desk, Path(scratch), uploads)
        for kind in Kind:
            if kind in wish.kinds:
                _write_lines(workshop, kind, ITEMS[kind](workshop))
        if not workshop.entries:
            raise BadPack(N_("没有符合条件的内容，没有生成资料包。"))
        _add_files(workshop)
        manifest = _manifest(workshop, desk.serial, by=by, name=name)
        raw = manifest.spelled()
        archive.write(out, manifest=raw, signature=key.sign(raw), public=key.public, parts=workshop.parts)
    return _remember(session, manifest, out, by=by)


def _write_lines(workshop: Workshop, kind: Kind, items: Iterable[Item]) -> None:
    path, seen, size = workshop.scratch / LINES[kind], hashlib.sha256(), 0
    with path.open("wb") as file:
        for item in items:
            line = canonical.spelled(item.as_dict())
            _check_length(workshop, line, item)
            workshop.entries.append(Entry(kind, item.ident, hashlib.sha256(line).hexdigest()))
            for piece in (line, b"\n"):
                seen.update(piece)
                size += file.write(piece)
    if size:
        workshop.parts.append((Member(LINES[kind], size, seen.hexdigest()), path))


def _check_length(workshop: Workshop, line: bytes, item: Item) -> None:
    if len(line) >= archive.LONGEST_LINE:
        raise BadPack(N_("“%(title)s”太长，放不进资料包。"), title=item.title)
    if len(workshop.entries) >= MOST_ITEMS:
        raise BadPack(N_("一个资料包最多 %(most)s 条，请按系统或日期分几次导出。"), most=MOST_ITEMS)


# ── items of each kind ───────────────────────────────────────────────────────────────────────────


def _articles(workshop: Workshop) -> Iterator[Item]:
    yield from _things(workshop, Kind.ARTICLE, wishes.articles(workshop.wish))
    yield from _gone(workshop, Kind.ARTICLE, wishes.retired(workshop.wish))


def _defects(workshop: Workshop) -> Iterator[Item]:
    yield from _things(workshop, Kind.DEFECT, wishes.defects(workshop.wish))
    yield from _gone(workshop, Kind.DEFECT, wishes.dropped(workshop.wish))


def _things(workshop: Workshop, kind: Kind, wanted: Select[Any]) -> Iterator[Item]:
    session, model = workshop.session, ties.MODELS[kind]
    for part in chunks(session.scalars(wanted.with_only_columns(model.id)).all(), PART):
        held = {row.id: row for row in session.scalars(select(model).where(model.id.in_(part)))}
        rows = [held[id_] for id_ in part]
        said = portable.of(session, kind, rows, desk=workshop.desk)
        names = discretion.names_around(session, rows) if kind == Kind.DEFECT else {}
        known = ties.ties_of(session, kind, part)
        for row in rows:
            yield _thing(workshop, kind, row, said[row.id], names.get(row.id, set()), known)
        session.flush()


#: So many are in memory at once.
PART = 200


def _thing(
    workshop: Workshop,
    kind: Kind,
    row: Any,
    said: portable.Portable,
    names: set[str],
    known: dict[int, PackTie],
) -> Item:
    content = discretion.without_people(kind, said.content, names=names)
    here, tie = canonical.digest(said.content), known.get(row.id)
    line = tie.line if tie else []
    if tie is not None and line and here == tie.agreed:
        version = line[-1]
    else:
        version = state_of(canonical.digest(content), line=line, agreed="").version
    ties.agree(
        workshop.session, kind, row.id, ident=said.ident, versions=[version], content=here, former=known
    )
    workshop.note(content)
    workshop.files.update({sha: said.files[sha] for sha in said.files})
    before = tuple(one for one in line if one != version)
    return Item(kind, said.ident, content["title"], row.state.value, version, before, content)


def _gone(workshop: Workshop, kind: Kind, wanted: Select[Any]) -> Iterator[Item]:
    """Named, without what they said."""
    session = workshop.session
    rows = session.scalars(wanted).all()
    known = ties.ties_of(session, kind, [row.id for row in rows])
    for row in rows:
        tie = known[row.id]
        if tie.line:
            title = discretion.without_people(kind, {"title": row.title})["title"]
            yield Item(kind, tie.ident, title, row.state.value, tie.line[-1], tuple(tie.line[:-1]), None)


def _synonyms(workshop: Workshop) -> Iterator[Item]:
    for removed in (False, True):
        for group in workshop.session.scalars(wishes.synonyms(workshop.wish, removed=removed)):
            yield _group(workshop, group, removed=removed)


def _group(workshop: Workshop, group: SynonymGroup, *, removed: bool) -> Item:
    content = {"words": list(group.words)}
    version = canonical.digest(sorted(group.words))
    title = "、".join(group.words)[:300]
    ident = ident_of(group.desk or workshop.desk, group.key)
    return Item(Kind.SYNONYM, ident, title, "kept", version, (), None if removed else content)


ITEMS = {Kind.ARTICLE: _articles, Kind.DEFECT: _defects, Kind.SYNONYM: _synonyms}


# ── files, manifest, record ──────────────────────────────────────────────────────────────────────


def _add_files(workshop: Workshop) -> None:
    for sha256, attachment in sorted(workshop.files.items()):
        path = path_of(attachment, workshop.uploads)
        if not path.is_file() or _hash_of(path) != sha256:
            raise BadPack(
                N_("附件“%(name)s”在磁盘上找不到或已损坏，没有生成资料包。请先修复或从知识里删去它。"),
                name=attachment.name,
            )
        workshop.parts.append((Member(f"{FILES}{sha256}", path.stat().st_size, sha256), path))


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return _hashed(file)


def _hashed(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _manifest(workshop: Workshop, serial: int, *, by: Person | None, name: str) -> Manifest:
    posts = sorted({row.post for row in by.posts}) if by is not None else []
    return Manifest(
        desk=workshop.desk,
        desk_name=name[:200],
        serial=serial,
        made_at=now(workshop.session).replace(microsecond=0),
        made_by=tuple(posts),
        scope=workshop.wish.scope,
        languages=tuple(sorted(workshop.languages)),
        places=_places(workshop),
        members=tuple(member for member, _ in workshop.parts),
        items=tuple(workshop.entries),
    )


def _places(workshop: Workshop) -> dict[str, dict[str, str]]:
    """What the codes are called here, so that the receiver can tell which of theirs they are."""
    session, named = workshop.session, workshop.named
    systems, modules = system_names(session), module_names(session)
    units = dict(session.execute(select(Unit.code, Unit.name).where(Unit.code.in_(named["unit"]))).all())
    by_place = {f"{system}/{module}": name for (system, module), name in modules.items()}
    return {
        "system": {code: systems.get(code, code) for code in sorted(named["system"])},
        "module": {code: by_place.get(code, code) for code in sorted(named["module"])},
        "unit": {code: units.get(code, code) for code in sorted(named["unit"])},
    }


def _remember(session: Session, manifest: Manifest, path: Path, *, by: Person | None) -> PackMade:
    made = PackMade(
        serial=manifest.serial,
        by=by,
        at=now(session),
        counts=manifest.counts,
        scope=manifest.scope,
        sha256=_hash_of(path),
    )
    session.add(made)
    session.flush()
    if by is not None:
        audit.record(session, "make", SUBJECT, subject_id=f"#{made.serial}", by=by, **manifest.counts)
    return made
