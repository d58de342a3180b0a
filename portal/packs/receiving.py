"""A pack comes: its file is kept under a name of our own, its signer looked up, its items laid out.

Of a pack whose signer is not trusted, nothing but the manifest is read. Nothing commits here; a file whose
transaction is rolled back leaves nothing on the disk. The invariant: items are only laid out whole: one
that is wrong refuses the pack.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from kb.importing.identity import chunks
from portal.packs import canonical, manifest, senders, signing
from portal.packs.archive import LARGEST_PACK, TAMPERED
from portal.packs.manifest import LINES, Manifest, Opened
from portal.packs.models import Pack, PackItem
from portal.packs.schema import Item, item_of
from portal.packs.words import BadPack, Fate, Kind, Phase
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission
from portal.tickets.kept_files import keep, let_go

FOLDER = "packs"
SUBJECT = "pack"
APPLIERS = (Permission.PUBLISH_ARTICLES, Permission.CURATE_DEFECTS)
PART = 200
#: Packs that nobody has gone on with yet.
WAITING = (Phase.UNTRUSTED, Phase.CHECKING, Phase.PREVIEWED)


def receive(session: Session, path: Path, *, name: str, by: Person, folder: Path, own: bytes) -> Pack:
    """Take a pack in; ``own`` is this desk's public key. The same file twice is the same pack."""
    check_receiver(by)
    with manifest.opened(path) as found:
        sha256 = _hash_of(path)
        if (former := _former(session, sha256)) is not None:
            return former
        pack = _pack(session, found, name=name, sha256=sha256, by=by)
        pack.stored_as, pack.own = _store(session, path, folder), found.public_key == own
        session.add(pack)
        session.flush()
        sender = senders.trusted(session, found.public_key)
        senders.check_desk(session, sender, pack.desk)
        if sender is not None or pack.own:
            _lay_out(session, pack, found)
    counts = {**pack.counts, "from": pack.desk_name, "fingerprint": pack.fingerprint}
    audit.record(session, "receive", SUBJECT, subject_id=pack.id, by=by, **counts)
    return pack


def check_receiver(by: Person) -> None:
    if not any(by.may(permission) for permission in APPLIERS):
        raise Refused(N_("您的岗位不能接收资料包。"))


def _former(session: Session, sha256: str) -> Pack | None:
    same = select(Pack).where(Pack.sha256 == sha256, Pack.phase.in_(WAITING)).order_by(Pack.id.desc())
    return session.scalars(same.limit(1)).first()


def _pack(session: Session, found: Opened, *, name: str, sha256: str, by: Person) -> Pack:
    said, moment = found.manifest, now(session)
    return Pack(
        by=by,
        name=name[:200],
        sha256=sha256,
        desk=said.desk,
        desk_name=said.desk_name,
        serial=said.serial,
        made_at=said.made_at,
        public_key=signing.spelled(found.public_key),
        fingerprint=found.fingerprint,
        counts=said.counts,
        places=said.places,
        mapping={},
        phase=Phase.UNTRUSTED,
        at=moment,
        moved_at=moment,
    )


def lay_out(session: Session, pack: Pack, folder: Path) -> None:
    """Once its signer is trusted: the items of a pack that had to wait."""
    if pack.phase != Phase.UNTRUSTED:
        return
    with manifest.opened(path_of(pack, folder)) as found:
        sender = senders.trusted(session, found.public_key)
        if sender is None:
            raise Refused(N_("这个资料包的签名人还没有受信任。"))
        senders.check_desk(session, sender, pack.desk)
        _lay_out(session, pack, found)


def _lay_out(session: Session, pack: Pack, found: Opened) -> None:
    sender = senders.trusted(session, found.public_key)
    latest = sender.latest if sender is not None else None
    pack.older = latest is not None and pack.made_at < latest
    for part in chunks(items_of(found), PART):
        session.execute(insert(PackItem), [_row(pack, item) for item in part])
    pack.phase, pack.moved_at = Phase.CHECKING, now(session)
    session.flush()


def _row(pack: Pack, item: Item) -> dict[str, object]:
    return {
        "pack_id": pack.id,
        "kind": item.kind,
        "ident": item.ident,
        "title": item.title,
        "system": (item.content or {}).get("system"),
        "values": item.as_dict(),
        "fate": Fate.OPEN,
    }


def items_of(found: Opened) -> Iterator[Item]:
    """Every item, in order, each line compared with its own hash before it is read."""
    _check_unique(found.manifest)
    names = found.manifest.names
    for kind in Kind:
        entries = [(entry.id, entry.sha256) for entry in found.manifest.items if entry.kind == kind]
        if bool(entries) != (LINES[kind] in names):
            raise BadPack(TAMPERED)
        if entries:
            yield from _items(found, kind, entries, names=names)


def _items(
    found: Opened, kind: Kind, entries: list[tuple[str, str]], *, names: Collection[str]
) -> Iterator[Item]:
    count = 0
    for count, line in enumerate(found.archive.lines(LINES[kind]), start=1):
        if count > len(entries) or hashlib.sha256(line).hexdigest() != entries[count - 1][1]:
            raise BadPack(TAMPERED)
        item = item_of(kind, canonical.read(line))
        if item.ident != entries[count - 1][0]:
            raise BadPack(TAMPERED)
        _check_files(names, item)
        yield item
    if count != len(entries):
        raise BadPack(TAMPERED)


def _check_files(names: Collection[str], item: Item) -> None:
    """What a text shows must have come along."""
    files = (item.content or {}).get("files", ())
    if any(f"{manifest.FILES}{row['sha256']}" not in names for row in files):
        raise BadPack(TAMPERED)


def _check_unique(said: Manifest) -> None:
    if len({(entry.kind, entry.id) for entry in said.items}) != len(said.items):
        raise BadPack(TAMPERED)


def path_of(pack: Pack, folder: Path) -> Path:
    return folder / FOLDER / pack.stored_as


def _store(session: Session, path: Path, folder: Path) -> str:
    own = f"{secrets.token_hex(20)}.tdpack"
    with path.open("rb") as source:
        keep(session, folder / FOLDER / own, source)
    return own


def _hash_of(path: Path) -> str:
    if path.stat().st_size > LARGEST_PACK:
        raise BadPack(N_("资料包超过 %(limit)s MB，请对方分几次导出。"), limit=LARGEST_PACK >> 20)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def discard(session: Session, pack: Pack, *, by: Person, folder: Path) -> None:
    """Throw a pack away of which nothing has been taken."""
    check_receiver(by)
    if pack.phase not in WAITING:
        raise Refused(N_("已经开始接收的资料包不能丢弃；可以撤销。"))
    path = path_of(pack, folder)
    audit.record(session, "discard", SUBJECT, subject_id=pack.id, by=by, name=pack.name)
    session.execute(delete(PackItem).where(PackItem.pack_id == pack.id))
    session.delete(pack)
    session.flush()
    let_go(session, path)
