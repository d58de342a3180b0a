"""What a pack says about itself: who made it, when, of what, and the hash of everything in it.

``opened`` is the only way to a pack's content. The invariant: what it returns was signed, whole, by the
key that it names; whether that key is trusted is decided in ``senders``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from indexer.words import N_
from kb.audience import Audience
from portal.packs import archive, canonical, checks, signing
from portal.packs.archive import Archive, Member
from portal.packs.idents import DESK, IDENT
from portal.packs.words import BadPack, Kind
from portal.people.roles import Post

FORMAT, VERSION = "tierdesk-pack", 1
MOST_ITEMS = 50_000
LINES = {Kind.ARTICLE: "articles.jsonl", Kind.DEFECT: "defects.jsonl", Kind.SYNONYM: "synonyms.jsonl"}
FILES = "files/"

_HASH = checks.matching(re.compile(r"[0-9a-f]{64}", re.ASCII))
_NAMES = checks.named(checks.text(130, least=1), checks.text(200), 5_000)
_MEMBER = {"name": checks.text(80), "size": checks.number(0, archive.MOST_UNPACKED), "sha256": _HASH}
_ENTRY = {"kind": checks.member(Kind), "id": checks.matching(IDENT), "sha256": _HASH}
_SCOPE = {
    "audience": checks.many(checks.member(Audience), 3),
    "systems": checks.many(checks.text(64), 5_000),
    "since": checks.or_none(checks.day),
}
_FIELDS = {
    "format": checks.text(40),
    "version": checks.number(1, 1_000),
    "desk": checks.table({"id": checks.matching(DESK), "name": checks.text(200)}, N_("服务台")),
    "serial": checks.number(1, 2**31),
    "made_at": checks.moment,
    "made_by": checks.many(checks.member(Post), 11),
    "scope": checks.table(_SCOPE, N_("范围")),
    "languages": checks.many(checks.text(8), 50),
    "places": checks.table({"system": _NAMES, "module": _NAMES, "unit": _NAMES}, N_("系统与单位")),
    "members": checks.many(checks.table(_MEMBER, N_("清单")), archive.MOST_MEMBERS),
    "items": checks.many(checks.table(_ENTRY, N_("清单")), MOST_ITEMS),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in the list of contents."""

    kind: Kind
    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    desk: str
    desk_name: str
    serial: int
    made_at: datetime
    made_by: tuple[Post, ...] = ()
    scope: dict[str, Any] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    places: dict[str, dict[str, str]] = field(default_factory=dict)
    members: tuple[Member, ...] = ()
    items: tuple[Entry, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Of its members."""
        return frozenset(member.name for member in self.members)

    @property
    def counts(self) -> dict[str, int]:
        counts = {kind.value: sum(item.kind == kind for item in self.items) for kind in Kind}
        return {**counts, "file": sum(member.name.startswith(FILES) for member in self.members)}

    def spelled(self) -> bytes:
        """The bytes that are signed."""
        return canonical.spelled(
            {
                "format": FORMAT,
                "version": VERSION,
                "desk": {"id": self.desk, "name": self.desk_name},
                "serial": self.serial,
                "made_at": checks.told(self.made_at),
                "made_by": [post.value for post in self.made_by],
                "scope": self.scope,
                "languages": list(self.languages),
                "places": self.places,
                "members": [asdict(member) for member in self.members],
                "items": [asdict(item) for item in self.items],
            }
        )


def manifest_of(raw: bytes) -> Manifest:
    """A manifest from its bytes; raises :class:`BadPack`."""
    value = canonical.read(raw)
    _check_format(value)
    found = checks.fields(value, _FIELDS, N_("清单"))
    return Manifest(
        desk=found["desk"]["id"],
        desk_name=found["desk"]["name"],
        serial=found["serial"],
        made_at=found["made_at"],
        made_by=tuple(Post(post) for post in found["made_by"]),
        scope=found["scope"],
        languages=tuple(found["languages"]),
        places=found["places"],
        members=tuple(Member(**row) for row in found["members"]),
        items=tuple(Entry(Kind(row["kind"]), row["id"], row["sha256"]) for row in found["items"]),
    )


def _check_format(value: Any) -> None:
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise BadPack(archive.NOT_A_PACK)
    if value.get("version") != VERSION:
        raise BadPack(
            N_("资料包的格式是第 %(version)s 版，本程序只认第 %(known)s 版。请先升级再接收。"),
            version=str(value.get("version"))[:10],
            known=VERSION,
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """A pack whose signature is right: its manifest, its signer, and the file to read on in."""

    manifest: Manifest
    public_key: bytes
    archive: Archive

    @property
    def fingerprint(self) -> str:
        return signing.fingerprint(self.public_key)


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open a pack and check signature, manifest and members; raises :class:`BadPack`."""
    with Archive(path) as file:
        raw, signature, public = file.envelope()
        if not signing.is_signed(raw, signature, public):
            raise BadPack(N_("资料包的签名不对：内容在签名之后被改动过，或签名是伪造的。没有读取任何内容。"))
        manifest = manifest_of(raw)
        file.promise(manifest.members)
        yield Opened(manifest, public, file)
