"""ZIP archives as folders. What an archive claims is judged before anything of it is unpacked.

The invariant: nothing is written to the disk, no name leads out of the archive, and what comes out of it
is bounded in number, in size and against what went in.
"""

from __future__ import annotations

import re
import stat
import zipfile
from functools import partial
from pathlib import Path
from typing import IO

from indexer.words import N_
from kb.importing.entries import Entry
from kb.importing.folders import Folder, is_hidden
from kb.importing.outcome import BadFile

MOST_ENTRIES = 20_000
LARGEST_ENTRY = 64 * 1024 * 1024
UNPACKED_LIMIT = 1024 * 1024 * 1024
#: Text packs well, but no better than this; small archives may.
RATIO_LIMIT = 200
SMALL = 20 * 1024 * 1024
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1
OUTSIDE = re.compile(r"^(?:/|[A-Za-z]:)|(?:^|/)\.\.(?:/|$)|\x00")
BROKEN = (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError)


def unpacked(name: str, source: Path | IO[bytes]) -> Folder:
    """The files of an archive; raises :class:`BadFile`. A lone folder at its top is no part of the paths."""
    try:
        archive = zipfile.ZipFile(source)
        infos = [info for info in archive.infolist() if not info.is_dir()]
    except BROKEN as fault:
        raise BadFile(N_("%(name)s 不是完整的 ZIP 压缩包。") % {"name": name}) from fault
    check(name, archive)
    paths = paths_of(infos)
    _check_paths(name, infos, paths)
    top = _lone_top([path for path in paths if not is_hidden(path)])
    return Folder(
        Entry(path.removeprefix(top), info.file_size, partial(archive.open, info))
        for path, info in zip(paths, infos, strict=True)
        if not is_hidden(path)
    )


def check(name: str, archive: zipfile.ZipFile) -> None:
    """Raise :class:`BadFile` when the archive is more than it should be."""
    infos = archive.infolist()
    whole, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    if any(info.flag_bits & ENCRYPTED_FLAG for info in infos):
        raise BadFile(N_("%(name)s 加了密码，请去掉密码再导入。") % {"name": name})
    if len(infos) > MOST_ENTRIES or whole > UNPACKED_LIMIT:
        raise BadFile(
            N_("%(name)s 里的文件太多或太大（最多 %(count)s 个、共 %(size)s MB），请分成几个压缩包。")
            % {"name": name, "count": MOST_ENTRIES, "size": UNPACKED_LIMIT >> 20}
        )
    if whole > SMALL and whole / max(1, packed) > RATIO_LIMIT:
        raise BadFile(N_("%(name)s 解开后大得不正常，没有导入。") % {"name": name})


def paths_of(infos: list[zipfile.ZipInfo]) -> list[str]:
    """The paths as their authors wrote them.

    Names that do not say they are UTF-8 are taken for UTF-8 when all of them are, else for GB18030:
    that is what Chinese Windows writes.
    """
    raw = [None if info.flag_bits & UTF8_FLAG else _bytes(info.orig_filename) for info in infos]
    encoding = "utf-8" if all(_is_utf8(name) for name in raw if name is not None) else "gb18030"
    return [
        (info.filename if name is None else name.decode(encoding, "replace")).replace("\\", "/")
        for info, name in zip(infos, raw, strict=True)
    ]


def _bytes(name: str) -> bytes | None:
    try:
        return name.encode("cp437")  # as which ``zipfile`` has read them
    except UnicodeEncodeError:
        return None


def _is_utf8(name: bytes) -> bool:
    """Two bytes of GB18030 may be one letter of Greek or Cyrillic in UTF-8; here it is the former."""
    try:
        words = name.decode()
    except UnicodeDecodeError:
        return False
    return not any(0x100 <= ord(letter) < 0x800 for letter in words)


def _check_paths(name: str, infos: list[zipfile.ZipInfo], paths: list[str]) -> None:
    for info, path in zip(infos, paths, strict=True):
        if OUTSIDE.search(path) or stat.S_ISLNK(info.external_attr >> 16):
            raise BadFile(
                N_("%(name)s 里的 %(path)s 指向压缩包外面，没有导入。") % {"name": name, "path": path[:100]}
            )


def _lone_top(paths: list[str]) -> str:
    tops = {path.partition("/")[0] for path in paths}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in path for path in paths) else ""
