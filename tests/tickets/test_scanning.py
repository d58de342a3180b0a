"""What a scanner says, and that anything but a clear “clean” leaves the file locked up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.db import transaction
from portal.tickets.attachments import Upload, store
from portal.tickets.file_types import Scan
from portal.tickets.models import Attachment
from portal.tickets.quarantine import LOST, judge_waiting
from portal.tickets.scanning import ScannerAway, scanner_from
from tests.clamd import EICAR, on_a_port, on_a_socket
from tests.world import World


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """The path of a Unix socket may not be long."""
    with TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def brought(maker: sessionmaker[Session], desk_world: World, tmp_path: Path) -> Path:
    """Two locked files, one of them the test virus; returns the folder."""
    with transaction(maker) as session:
        wang = World.of(session).people["wang"]
        uploads = [Upload("ok.txt", b"all is well"), Upload("bad.txt", EICAR)]
        store(session, uploads, by=wang, folder=tmp_path, limit_mb=1, locked=True)
    return tmp_path


def states(maker: sessionmaker[Session]) -> dict[str, Scan]:
    with maker() as session:
        return {row.name: row.scan for row in session.scalars(select(Attachment))}


def judged(maker: sessionmaker[Session], folder: Path, setting: str) -> int:
    scanner = scanner_from(setting)
    assert scanner is not None
    return judge_waiting(maker, folder, scanner)


VERDICTS = {"ok.txt": Scan.CLEAN, "bad.txt": Scan.BLOCKED}
LOCKED = {"ok.txt": Scan.PENDING, "bad.txt": Scan.PENDING}


def test_a_unix_socket_is_asked(maker: sessionmaker[Session], brought: Path, short_folder: Path) -> None:
    with on_a_socket(short_folder) as setting:
        assert judged(maker, brought, setting) == 2
    assert states(maker) == VERDICTS
    with maker() as session:
        assert "Eicar-Test-Signature" in {row.finding for row in session.scalars(select(Attachment))}


def test_a_port_is_asked(maker: sessionmaker[Session], brought: Path) -> None:
    with on_a_port() as setting:
        judged(maker, brought, setting)
    assert states(maker) == VERDICTS


def test_a_command_is_asked(maker: sessionmaker[Session], brought: Path, tmp_path: Path) -> None:
    program = tmp_path / "scan.py"
    program.write_text(
        "import sys\nfound = b'EICAR' in sys.stdin.buffer.read()\nprint('Eicar' if found else '')\n"
        "sys.exit(1 if found else 0)\n"
    )
    judged(maker, brought, f"command:{sys.executable} {program}")
    assert states(maker) == VERDICTS


@pytest.mark.parametrize("says", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: maybe\0"])
def test_no_clear_answer_leaves_it_locked(maker: sessionmaker[Session], brought: Path, says: bytes) -> None:
    with on_a_port(lambda _content: says) as setting:
        assert judged(maker, brought, setting) == 0
    assert states(maker) == LOCKED
    with on_a_port() as setting:  # and is asked again
        assert judged(maker, brought, setting) == 2
    assert states(maker) == VERDICTS


@pytest.mark.parametrize("setting", ["clamd:/nowhere/clamd.ctl", "command:/nowhere/scan", "command:false x"])
def test_nobody_there_leaves_it_locked(maker: sessionmaker[Session], brought: Path, setting: str) -> None:
    scanner = scanner_from(setting)
    assert scanner is not None
    if setting.startswith("command:false"):
        assert judge_waiting(maker, brought, scanner) == 2  # exit 1 is “found”, whatever it printed
        assert set(states(maker).values()) == {Scan.BLOCKED}
        return
    with pytest.raises(ScannerAway):
        scanner(b"x")
    assert judge_waiting(maker, brought, scanner) == 0
    assert states(maker) == LOCKED


def test_a_lost_file_is_never_clean(maker: sessionmaker[Session], brought: Path) -> None:
    for path in brought.rglob("*"):
        if path.is_file():
            path.unlink()
    with on_a_port() as setting:
        judged(maker, brought, setting)
    with maker() as session:
        assert {row.finding for row in session.scalars(select(Attachment))} == {LOST}


def test_what_came_before_the_scanner_is_looked_at_later(
    maker: sessionmaker[Session], desk_world: World, tmp_path: Path
) -> None:
    with transaction(maker) as session:
        wang = World.of(session).people["wang"]
        store(session, [Upload("old.txt", b"words")], by=wang, folder=tmp_path, limit_mb=1)
    assert states(maker) == {"old.txt": Scan.UNCHECKED}
    with on_a_port() as setting:
        judged(maker, tmp_path, setting)
    assert states(maker) == {"old.txt": Scan.CLEAN}


@pytest.mark.parametrize("text", ["clamd", "clamd:", "clamd:host", "clamd:host:0", "virus:x", "command:'"])
def test_a_wrong_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="clamd"):
        scanner_from(text)


def test_the_start_names_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(config.BadSetting, match="TIERDESK_VIRUS_SCAN"):
        config.load({"TIERDESK_DATA_DIR": str(tmp_path), "TIERDESK_VIRUS_SCAN": "yes"})
