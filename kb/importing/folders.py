"""Files by their path: a folder of the disk, or what an archive held. Relative links are followed here.

The invariant: a link leads to a file of its own folder or to nothing; ``..`` never leads out, and links
of the file system are not followed.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from kb.importing.entries import Entry, Find

MOST_FILES = 50_000
SCHEME = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:|//|#)")


class Folder:
    """Files by path. Paths are compared in one Unicode form, and without regard to case as a last resort,
    because that is how the systems that wrote them compare."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = {_normal(entry.path): entry for entry in entries}
        self._folded = {path.casefold(): entry for path, entry in self.entries.items()}

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, target: str, beside: str = "") -> Entry | None:
        """The file to which a link leads that stands in the folder ``beside``."""
        if SCHEME.match(target):
            return None
        for words in dict.fromkeys((target, unquote(re.split(r"[?#]", target, maxsplit=1)[0]))):
            path = _joined(beside, words)
            found = self.entries.get(path) or self._folded.get(path.casefold())
            if found is not None:
                return found
        return None

    def finder(self, entry: Entry) -> Find:
        """How links in this file are followed."""
        return partial(self.find, beside=entry.folder)


def is_hidden(path: str) -> bool:
    """Is it of the kind that systems leave behind: ``.git``, ``__MACOSX``, ``~$手册.docx``?"""
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.split("/"))


def _normal(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _joined(beside: str, words: str) -> str:
    words = words.strip().replace("\\", "/")
    whole = words.lstrip("/") if words.startswith("/") else posixpath.join(beside, words)
    return _normal(posixpath.normpath(whole))


def on_disk(folder: Path) -> Folder:
    """Every file below a folder, by path; hidden ones and links are left out."""
    found: list[Entry] = []
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and not is_hidden(inside) and len(found) < MOST_FILES:
            found.append(entry_on_disk(path, inside))
    return Folder(found)


def entry_on_disk(path: Path, inside: str = "") -> Entry:
    return Entry(inside or path.name, path.stat().st_size, lambda: path.open("rb"))


def beside_file(path: Path) -> Find:
    """How links of one lone file are followed: to what lies beside it or below, and nowhere else."""
    home = path.resolve().parent

    def find(target: str) -> Entry | None:
        if SCHEME.match(target):
            return None
        for words in dict.fromkeys((target, unquote(re.split(r"[?#]", target, maxsplit=1)[0]))):
            inside = _joined("", words)
            there = home / inside
            is_ours = not inside.startswith("..") and there.is_file() and not there.is_symlink()
            if is_ours and there.resolve().is_relative_to(home):
                return entry_on_disk(there, inside)
        return None

    return find
