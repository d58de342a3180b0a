"""A file stands or falls with the transaction that tells of it, savepoints included."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.tickets.kept_files import keep, let_go


@pytest.fixture
def path(tmp_path: Path, session: Session) -> Path:
    session.execute(text("SELECT 1"))  # a transaction has begun, as in any request
    return tmp_path / "ab" / "file"


def kept(session: Session, path: Path) -> None:
    keep(session, path, io.BytesIO(b"content"))
    assert path.read_bytes() == b"content"


def test_what_is_committed_stays_whatever_comes_later(session: Session, path: Path) -> None:
    kept(session, path)
    session.commit()
    session.execute(text("SELECT 1"))
    session.rollback()
    assert path.exists()
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_is_rolled_back_leaves_nothing(session: Session, path: Path) -> None:
    kept(session, path)
    session.rollback()
    assert not path.exists()


def test_a_released_savepoint_has_decided_nothing(session: Session, path: Path) -> None:
    with session.begin_nested():
        kept(session, path)
    session.rollback()
    assert not path.exists()


def test_a_file_goes_with_the_savepoint_it_was_written_in(session: Session, path: Path) -> None:
    outer = session.begin_nested()
    with session.begin_nested():
        kept(session, path)
    outer.rollback()
    assert not path.exists()
    session.commit()


def test_a_savepoint_that_came_later_takes_nothing_along(session: Session, path: Path) -> None:
    kept(session, path)
    session.begin_nested().rollback()
    assert path.exists()
    session.commit()
    assert path.exists()


def test_nothing_is_overwritten(session: Session, path: Path) -> None:
    kept(session, path)
    with pytest.raises(FileExistsError):
        keep(session, path, io.BytesIO(b"other"))
    session.commit()
    assert path.read_bytes() == b"content"


@pytest.fixture
def there(session: Session, path: Path) -> Path:
    kept(session, path)
    session.commit()
    session.execute(text("SELECT 1"))
    return path


def test_a_file_is_let_go_once_that_is_certain(session: Session, there: Path) -> None:
    with session.begin_nested():
        let_go(session, there)
    assert there.exists()
    session.commit()
    assert not there.exists()


def test_a_file_whose_going_was_undone_stays(session: Session, there: Path) -> None:
    let_go(session, there)
    session.rollback()
    session.execute(text("SELECT 1"))
    session.commit()
    assert there.exists()
