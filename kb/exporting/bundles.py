"""Articles with their files as a folder or a ZIP archive, as Markdown or as HTML pages.

Links to the desk's files lead to copies beside the pages. Which articles and which of their files, the
caller says. The invariant: every path in a bundle is of our own making, so none leads out of it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from indexer.words import N_
from kb.exporting.files import page_of, plain, whole_or_not
from kb.exporting.web_pages import STYLE, contents_page, web_page
from kb.importing.outcome import BadFile
from kb.importing.targets import Link, rewritten

ADDRESS = re.compile(r"^/files/(\d{1,18})$")
UNFIT = re.compile(r"[\x00-\x1f\x7f\\/:*?\"<>|#%()\[\]\s]+")
HEADER_DATE = (2020, 1, 1, 0, 0, 0)  # archives of the same articles are the same, byte for byte


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that goes along: its id in the desk, its name, and where its bytes lie."""

    id: int
    name: str
    place: Path


#: The files of one article that may go along, by its number.
Files = Callable[[str], Sequence[Copy]]
Rows = Iterable[Mapping[str, Any]]
#: (path in the bundle, what is written there)
Part = tuple[str, "bytes | Path"]


def no_files(_number: str) -> Sequence[Copy]:
    """For those who export words alone."""
    return ()


def markdown_parts(columns: Sequence[str], rows: Rows, files: Files) -> Iterator[Part]:
    """A Markdown file for each article, with front matter, and its files below ``files/``."""
    for row in rows:
        copies = _named(row["number"], files(row["number"]))
        body = rewritten(row["body"], lambda link, there=copies: _led(link, there))  # type: ignore[misc]
        yield f"{row['number']}.{row['language']}.md", page_of(columns, {**row, "body": body}).encode()
        yield from _copied(copies)


def html_parts(columns: Sequence[str], rows: Rows, files: Files) -> Iterator[Part]:
    """A page for each article, readable in any browser and by our own import, and one that lists them."""
    held = list(rows)
    pages = {row["number"]: f"{row['number']}.{row['language']}.html" for row in held}
    titles = {row["number"]: str(row["title"]) for row in held}
    for row in held:
        copies = _named(row["number"], files(row["number"]))
        addresses = {f"/files/{number}": path for number, (path, _) in copies.items()}
        facts = {name: plain(row.get(name)) for name in columns if name != "body"}
        yield pages[row["number"]], web_page(facts, row["body"], addresses, pages, titles).encode()
        yield from _copied(copies)
    yield "index.html", contents_page([(pages[row["number"]], row) for row in held]).encode()
    yield "style.css", STYLE.encode()


PARTS: dict[str, Callable[[Sequence[str], Rows, Files], Iterator[Part]]] = {
    "markdown": markdown_parts,
    "html": html_parts,
}


def _named(number: str, copies: Sequence[Copy]) -> dict[int, tuple[str, Path]]:
    """id → (path in the bundle, where it lies); equal names are counted."""
    found: dict[int, tuple[str, Path]] = {}
    taken: set[str] = set()
    for copy in copies:
        stem, dot, ending = UNFIT.sub("-", copy.name).strip("-. ").rpartition(".")
        name = f"{stem}{dot}{ending}" or "file"
        turn = 1
        while name.casefold() in taken:
            turn += 1
            name = f"{stem or 'file'}-{turn}{dot}{ending}"
        taken.add(name.casefold())
        found[copy.id] = (f"files/{number}/{name}", copy.place)
    return found


def _led(link: Link, copies: Mapping[int, tuple[str, Path]]) -> Link | None:
    address = ADDRESS.match(link.target)
    there = copies.get(int(address[1])) if address else None
    return Link(there[0], link.label, link.is_picture) if there else None


def _copied(copies: Mapping[int, tuple[str, Path]]) -> Iterator[Part]:
    for path, place in copies.values():
        if place.is_file():
            yield path, place


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def write_zip(stream: IO[bytes], parts: Iterable[Part]) -> int:
    """Write the parts into an archive; how many pages there were."""
    count = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in parts:
            count += _is_page(path)
            info = zipfile.ZipInfo(path, HEADER_DATE)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with archive.open(info, "w") as there:
                if isinstance(content, Path):
                    with content.open("rb") as here:
                        shutil.copyfileobj(here, there)
                else:
                    there.write(content)
    return count


def write_bundle_to(path: Path, parts: Iterable[Part]) -> int:
    """Write the parts into an archive when the name says so, else into a folder; raises :class:`BadFile`."""
    if path.name.lower().endswith(".zip"):
        return whole_or_not(path, lambda stream: write_zip(stream, parts))
    count = 0
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name, content in parts:
            count += _is_page(name)
            there = path / name
            there.parent.mkdir(parents=True, exist_ok=True)
            _put(there, content)
    except OSError as fault:
        raise BadFile(N_("写不了 %(name)s：%(why)s。") % {"name": path, "why": fault.strerror}) from fault
    return count


def _put(there: Path, content: bytes | Path) -> None:
    """Whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=there.parent, delete=False) as file:
        made = Path(file.name)
        file.write(content.read_bytes() if isinstance(content, Path) else content)
    made.chmod(0o640)
    made.replace(there)


def _is_page(path: str) -> bool:
    return "/" not in path and path.endswith((".md", ".html")) and path != "index.html"
