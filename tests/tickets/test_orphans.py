"""What a server killed between file and row leaves, and what is never touched."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from portal.db import transaction
from portal.tickets.attachments import Upload, path_of, store
from portal.tickets.orphans import OLD, sweep
from portal.tickets.thumbnails import thumbnail
from tests.web.conftest import png_of
from tests.world import World

NOW = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
LONG_AGO, JUST_NOW = NOW - OLD.total_seconds() - 1, NOW - 1


def lay(folder: Path, name: str, *, at: float = LONG_AGO) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (at, at))
    return path


def test_only_old_names_of_ours_without_a_row_go(
    maker: sessionmaker[Session], desk_world: World, tmp_path: Path
) -> None:
    with transaction(maker) as session:
        wang = World.of(session).people["wang"]
        (kept,) = store(session, [Upload("a.png", png_of(9, 9))], by=wang, folder=tmp_path, limit_mb=1)
    known = path_of(kept, tmp_path)
    small = thumbnail(known)
    assert small is not None
    for path in (known, small):
        os.utime(path, (LONG_AGO, LONG_AGO))
    own = "ab" + "0" * 38
    lost, thumb = lay(tmp_path, f"ab/{own}"), lay(tmp_path, f"ab/{own}.thumb")
    half = lay(tmp_path, "ab/.thumb-x1y2")
    fresh = lay(tmp_path, "cd/" + "cd" + "1" * 38, at=JUST_NOW)
    strange = lay(tmp_path, "ab/README.txt")
    with maker() as session:
        assert sweep(session, tmp_path, now=NOW) == 3
    assert not lost.exists() and not thumb.exists() and not half.exists()
    assert all(path.exists() for path in (known, small, fresh, strange))
