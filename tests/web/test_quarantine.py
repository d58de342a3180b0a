"""With a scanner set up: a file goes in locked, the worker's job lets it out or blocks it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.cli.quarantine import scan_files
from portal.tickets.models import Attachment
from tests.clamd import EICAR, on_a_port
from tests.web.conftest import Clients, Filing, png_of


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[config.Settings]:
    with on_a_port() as scanner:
        yield config.load(
            {
                "TIERDESK_DATA_DIR": str(tmp_path / "data"),
                "TIERDESK_ENCODER": "none",
                "TIERDESK_VIRUS_SCAN": scanner,
            }
        )


@pytest.mark.parametrize("way", ["page", "api"])
def test_a_file_is_locked_until_the_worker_has_asked(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: config.Settings, way: str
) -> None:
    number, wang = filed(), client("wang")
    files = [(io.BytesIO(png_of(4, 4)), "a.png"), (io.BytesIO(EICAR), "b.txt")]
    if way == "page":
        assert wang.submit(f"/tickets/{number}/files", {"files": files}).status_code == 302
    else:
        headers = {"X-CSRFToken": wang.token()}
        address = f"/api/v1/tickets/{number}/attachments"
        answer = wang.post(address, data={"files": files}, headers=headers)
        assert answer.status_code == 201
        assert {row["scan"] for row in answer.json} == {"pending"}
    with maker() as session:
        ids = {row.name: row.id for row in session.scalars(select(Attachment))}
    assert {wang.get(f"/files/{number}").status_code for number in ids.values()} == {422}
    scan_files(settings, maker)
    assert wang.get(f"/files/{ids['a.png']}").status_code == 200
    assert wang.get(f"/files/{ids['a.png']}/thumb").status_code == 200
    blocked = wang.get(f"/files/{ids['b.txt']}")
    assert blocked.status_code == 422 and "已被拦截" in blocked.text
