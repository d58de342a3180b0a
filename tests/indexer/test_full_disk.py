"""A disk that is full, for real: what was written stays searchable, the writer is told, room heals it.

Two ways to run out of room. A limit on the size of files needs no rights and makes the kernel refuse
writes in the middle; a small file system of our own, where we may mount one, runs full as disks do.
"""

import json
import os
import random
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from indexer import Document, Index, Mode, Query
from indexer.choice import engine_named
from indexer.generation import Broken

#: Each of them fills a disk.
pytestmark = pytest.mark.slow

ALL = frozenset({"everyone"})
REFUSALS = (OSError, sqlite3.Error, Broken)
"""What the consumer of the outbox takes for "not now": every change waits and nobody is to blame."""
ENGINES = ("whoosh", "tantivy")


def held(start: int, count: int) -> list[Document]:
    dice = random.Random(start)
    words = ["".join(chr(dice.randint(0x4E00, 0x9000)) for _ in range(120)) for _ in range(count)]
    return [
        Document("article", str(start + number), f"第{start + number}号：打印机脱机", body=body, audience=ALL)
        for number, body in enumerate(words)
    ]


def found(index: Index) -> set[str]:
    answer = index.search(Query("打印机脱机", audience=ALL, limit=1_000))
    assert answer.mode is Mode.LEXICAL
    return {hit.id for hit in answer.hits}


def opened(folder: Path, engine: str) -> Index:
    return Index.open(folder, embedder=None, words=engine_named(engine))


LIMITED = """
import json, resource, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[3]]
from test_full_disk import REFUSALS, found, held, opened

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
index = opened(Path(sys.argv[1]), sys.argv[2])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
before, told = len(found(index)), []
for limit in (1_000, 20_000, 60_000, 120_000, 200_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        index.update(held(1_000, 150))
    except REFUSALS as refusal:
        told.append(type(refusal).__name__)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert len(found(index)) in (before, before + 150), (limit, len(found(index)))
index.update(held(1_000, 150))
print(json.dumps({"told": told, "before": before, "after": len(found(index))}))
"""


@pytest.mark.parametrize("engine", ENGINES)
def test_files_that_may_not_grow(engine: str, tmp_path: Path) -> None:
    index = opened(tmp_path / "index", engine)
    index.rebuild(held(0, 20))
    index.close()
    here = Path(__file__).parent
    script = [sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path / "index"), engine, str(here)]
    environ = {**os.environ, "PYTHONPATH": str(here.parents[1]), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(script, capture_output=True, text=True, timeout=240, env=environ, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["told"], "no write was ever refused: the limits are too wide for this test"
    assert (told["before"], told["after"]) == (20, 170)
    again = opened(tmp_path / "index", engine)
    assert len(found(again)) == 170
    again.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 40 MB, where we may have one."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount a small file system here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def squeeze(disk: Path, *, left: int) -> Path:
    """Fill the disk until so many bytes are left."""
    ballast = disk / "ballast"
    room = os.statvfs(disk)
    ballast.write_bytes(b"\0" * max(0, room.f_bavail * room.f_frsize - left))
    return ballast


@pytest.mark.parametrize("engine", ENGINES)
def test_a_disk_that_runs_full_at_any_moment(engine: str, small_disk: Path) -> None:
    folder = small_disk / "index"
    index = opened(folder, engine)
    index.rebuild(held(0, 20))
    there = {str(number) for number in range(20)}
    refused = 0
    for turn, left in enumerate((0, 4_096, 16_384, 49_152, 98_304, 196_608, 393_216), 1):
        ballast = squeeze(small_disk, left=left)
        more = held(turn * 1_000, 30)
        try:
            index.update(more)
        except REFUSALS:
            refused += 1
        assert found(index) >= there, left
        ballast.unlink()
        index.update(more)
        there |= {document.id for document in more}
        assert found(index) == there, left
        with suppress(Broken):
            index.catch_up()
    assert refused, "the disk never ran full: it is too large for this test"
    index.close()
    again = opened(folder, engine)
    assert found(again) == there
    assert set(again.versions()) == {("article", id_) for id_ in there}
    again.close()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rebuild_without_room_leaves_the_old_one_serving(engine: str, small_disk: Path) -> None:
    folder = small_disk / "index"
    index = opened(folder, engine)
    index.rebuild(held(0, 20))
    ballast = squeeze(small_disk, left=65_536)
    with pytest.raises(REFUSALS):
        index.rebuild(held(0, 200))
    assert len(found(index)) == 20
    assert len(list((folder / "generations").iterdir())) == 1, "what was begun is cleared away"
    ballast.unlink()
    index.rebuild(held(0, 60))
    assert len(found(index)) == 60
    index.close()
