"""The file of a pack: a zip with a manifest, its signature, lines of JSON and files named by their hash.

Nothing is unpacked to disk, and nothing is read further than the manifest has promised. The invariant:
before anything but the manifest is read, its signature is right and it names exactly the members that
are there; every byte that is used has been hashed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from indexer.words import N_
from portal.packs.words import BadPack

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "manifest.pub"
ENVELOPE = {MANIFEST: 16 << 20, SIGNATURE: 64, PUBLIC_KEY: 32}
NAMES = re.compile(r"(?:articles|defects|synonyms)\.jsonl|files/[0-9a-f]{64}", re.ASCII)
LARGEST_PACK = 512 << 20
MOST_UNPACKED = 1 << 30
MOST_MEMBERS = 20_000
LONGEST_LINE = 2 << 20
LARGEST_FILE = 64 << 20
RATIO = 200
SMALL = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, KeyError, ValueError)
#: Every pack of the same content is the same file, whenever it is packed.
EPOCH = (1980, 1, 1, 0, 0, 0)

NOT_A_PACK = N_("这不是资料包，或者文件已经损坏。请对方重新导出，再用可靠的介质带过来。")
TAMPERED = N_("资料包的内容和清单对不上，可能损坏或被改动过，没有读取。")
ABNORMAL = N_("资料包解开后大得不正常，没有读取。")


@dataclass(frozen=True, slots=True)
class Member:
    """One part of a pack, as its manifest promises it."""

    name: str
    size: int
    sha256: str


def write(
    path: Path, *, manifest: bytes, signature: bytes, public: bytes, parts: Sequence[tuple[Member, Path]]
) -> None:
    """Put a pack together; ``parts``: what lies in which file."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in ((MANIFEST, manifest), (SIGNATURE, signature), (PUBLIC_KEY, public)):
            archive.writestr(_info(name), content)
        for member, source in parts:
            with source.open("rb") as read, archive.open(_info(member.name), "w") as written:
                shutil.copyfileobj(read, written, 1 << 20)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, date_time=EPOCH)
    info.external_attr = 0o600 << 16
    packed = name.endswith((".json", ".jsonl"))
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return info


class Archive:
    """A pack's file, open for reading; ``promise`` must come before anything else is read."""

    def __init__(self, path: Path) -> None:
        try:
            if path.stat().st_size > LARGEST_PACK:
                raise BadPack(N_("资料包超过 %(limit)s MB，请对方分几次导出。"), limit=LARGEST_PACK >> 20)
            self._zip = zipfile.ZipFile(path)
        except BROKEN as fault:
            raise BadPack(NOT_A_PACK) from fault
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._members: dict[str, Member] = {}
        try:
            self._check()
        except BadPack:
            self.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    def _check(self) -> None:
        infos = self._zip.infolist()
        if len(infos) != len(self._infos) or len(infos) > MOST_MEMBERS:
            raise BadPack(NOT_A_PACK)
        if not self._infos.keys() >= ENVELOPE.keys():
            raise BadPack(N_("资料包没有清单或签名，没有读取。"))
        if not all(_is_plain(info) for info in infos):
            raise BadPack(NOT_A_PACK)
        if sum(info.file_size for info in infos) > MOST_UNPACKED or any(map(_is_swollen, infos)):
            raise BadPack(ABNORMAL)

    def envelope(self) -> tuple[bytes, bytes, bytes]:
        """The manifest, its signature and the signer's public key: bytes that nobody has checked yet."""
        manifest, signature, public = (self._whole(name, most) for name, most in ENVELOPE.items())
        return manifest, signature, public

    def promise(self, members: Sequence[Member]) -> None:
        """What the signed manifest says is in here; anything missing, added or of another size is refused."""
        self._members = {member.name: member for member in members}
        sizes = {name: info.file_size for name, info in self._infos.items() if name not in ENVELOPE}
        if len(self._members) != len(members) or sizes != {row.name: row.size for row in members}:
            raise BadPack(TAMPERED)

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a promised member, without their ends; after the last one all are checked."""
        member, seen = self._members[name], hashlib.sha256()
        try:
            with self._zip.open(self._infos[name]) as stream:
                while line := stream.readline(LONGEST_LINE + 1):
                    if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
                        raise BadPack(TAMPERED)
                    seen.update(line)
                    yield line[:-1]
        except BROKEN as fault:
            raise BadPack(TAMPERED) from fault
        if seen.hexdigest() != member.sha256:
            raise BadPack(TAMPERED)

    def check_all(self) -> None:
        """Hash every promised member without reading anything out of it."""
        for member in self._members.values():
            seen = hashlib.sha256()
            try:
                with self._zip.open(self._infos[member.name]) as stream:
                    while piece := stream.read(1 << 20):
                        seen.update(piece)
            except BROKEN as fault:
                raise BadPack(TAMPERED) from fault
            if seen.hexdigest() != member.sha256:
                raise BadPack(TAMPERED)

    def content(self, name: str) -> bytes:
        """The bytes of a promised member, hashed."""
        member = self._members.get(name)
        if member is None:
            raise BadPack(TAMPERED)
        content = self._whole(name, LARGEST_FILE)
        if hashlib.sha256(content).hexdigest() != member.sha256:
            raise BadPack(TAMPERED)
        return content

    def _whole(self, name: str, most: int) -> bytes:
        try:
            with self._zip.open(self._infos[name]) as stream:
                content = _bounded(stream, most)
        except BROKEN as fault:
            raise BadPack(TAMPERED) from fault
        if len(content) > most:
            raise BadPack(ABNORMAL)
        return content


def _bounded(stream: IO[bytes], most: int) -> bytes:
    return stream.read(most + 1)


def _is_plain(info: zipfile.ZipInfo) -> bool:
    """A file of our own naming: no folder, no link, nothing encrypted, nothing packed in another way."""
    mode = info.external_attr >> 16
    named = info.filename in ENVELOPE or NAMES.fullmatch(info.filename) is not None
    kind = stat.S_IFMT(mode) in (0, stat.S_IFREG)
    return named and kind and not info.flag_bits & 1 and info.compress_type in _PACKED


def _is_swollen(info: zipfile.ZipInfo) -> bool:
    return info.file_size > SMALL and info.file_size > RATIO * max(1, info.compress_size)


_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
