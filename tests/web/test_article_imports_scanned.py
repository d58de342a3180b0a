"""Where uploads are scanned, one is opened only once it is clean; its pictures are locked till they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal import config
from portal.cli import importing_work
from portal.tickets.file_types import Scan
from portal.tickets.models import Attachment
from portal.uploads import staging
from tests.importing.material import packed, png
from tests.web.conftest import Clients
from tests.web.test_article_imports import upload, work_off

Maker = sessionmaker[Session]
#: Ends with 1, which means found, when the word is in the file.
SCANNER = "command:/bin/sh -c '! grep -q EVIL'"


@pytest.fixture
def settings(settings: config.Settings) -> config.Settings:
    return replace(settings, virus_scan=SCANNER)


def test_an_upload_is_scanned_before_it_is_opened(
    client: Clients, maker: Maker, settings: config.Settings
) -> None:
    editor = client("editor")
    clean = upload(editor, ("a.zip", packed({"a.md": "# 甲\n![图](x.png)", "x.png": png()})))
    assert "正在读取文件" in editor.get(clean).text
    assert importing_work.read_uploads(settings, maker)
    assert "新增 <b>1</b>" in editor.get(clean).text
    assert editor.get(f"{clean}/items/0/files/0").data != png()
    editor.submit(f"{clean}/confirm")
    work_off(editor, clean)
    with maker() as session:
        picture = session.scalars(select(Attachment)).one()
        assert picture.scan == Scan.PENDING
    assert editor.get(f"/files/{picture.id}").status_code == 422


def test_an_upload_with_a_finding_is_refused_and_not_kept(
    client: Clients, maker: Maker, settings: config.Settings
) -> None:
    editor = client("editor")
    bad = upload(editor, ("a.md", "# EVIL\n正文"))
    assert importing_work.read_uploads(settings, maker)
    assert "没有通过安全检查" in editor.get(bad).text
    assert list(staging.folder_of(settings).iterdir()) == []
