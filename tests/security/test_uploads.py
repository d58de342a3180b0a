"""Files sent in anger: what each is taken for, how it is given back, and that nothing of it ever runs."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from portal.config import Settings
from portal.db import transaction
from portal.tickets.file_types import Scan
from portal.tickets.models import Attachment, Ticket
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving, Visitor, png_of

MULTIPART = "multipart/form-data"
SCRIPT = b"<script>alert(document.cookie)</script>"


def bring(browser: Visitor, number: str, content: bytes, name: str = "a.png", **fields: str) -> int:
    data = {"files": (io.BytesIO(content), name), **fields}
    return browser.submit(f"/tickets/{number}/files", data, content_type=MULTIPART).status_code


def only(maker: sessionmaker[Session]) -> Attachment:
    with maker() as session:
        return session.scalars(select(Attachment)).one()


def png_with(tail: bytes) -> bytes:
    return png_of(4, 4) + tail


def gif_with_script() -> bytes:
    held = io.BytesIO()
    Image.new("P", (2, 2)).save(held, "GIF", comment=b"*/=1;" + SCRIPT)
    return held.getvalue()


def zipped(names: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return held.getvalue()


def jpeg_with_zip() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (8, 8)).save(held, "JPEG")
    return held.getvalue() + zipped({"evil.html": SCRIPT})


INLINE = ("image/png", "image/gif", "image/jpeg")
#: What is sent, under which name → what it is taken for.
PAYLOADS = [
    (png_with(SCRIPT), "polyglot.html", "image/png"),
    (gif_with_script(), "polyglot.js", "image/gif"),
    (jpeg_with_zip(), "polyglot.zip", "image/jpeg"),
    (SCRIPT, "photo.png", "text/plain"),
    (
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "a.svg",
        "text/plain",
    ),
    (
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        "a.xml",
        "text/plain",
    ),
    (b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>\x00", "a.pdf", "application/pdf"),
    (zipped({"bomb": bytes(20_000_000)}), "bomb.zip", "application/zip"),
    (gzip.compress(bytes(20_000_000)), "bomb.gz", "application/gzip"),
    (zipped({"../../../etc/cron.d/x": b"x"}), "slip.zip", "application/zip"),
    (zipped({"xl/workbook.xml": b"<a/>", "xl/vbaProject.bin": b"x"}), "m.xlsm", "spreadsheetml.sheet"),
    (b"GIF89a" + SCRIPT, "a.gif", "text/plain"),
]


@pytest.mark.parametrize(("content", "name", "kind"), PAYLOADS, ids=[row[1] for row in PAYLOADS])
def test_each_is_given_back_so_that_nothing_runs(
    client: Clients, filed: Filing, maker: sessionmaker[Session], content: bytes, name: str, kind: str
) -> None:
    browser, number = client("wang"), filed()
    assert bring(browser, number, content, name) == 302
    file = only(maker)
    assert file.content_type.endswith(kind)
    answer = browser.get(f"/files/{file.id}")
    assert answer.data == content
    assert answer.mimetype == file.content_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "script" not in policy
    shown = not answer.headers["Content-Disposition"].startswith("attachment")
    assert shown == (file.content_type in INLINE)
    page = browser.get(f"/my/tickets/{number}").text
    assert "<script>alert" not in page


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + SCRIPT,
        b"PK\x03\x04" + SCRIPT,
        b"MZ" + bytes(60) + SCRIPT,
        b"\xca\xfe\xba\xbe\x00\x00\x00\x34",
        b"\x00asm\x01\x00\x00\x00",
        b"#!/bin/sh\x00",
    ],
)
def test_programs_and_broken_disguises_are_refused(
    client: Clients, filed: Filing, maker: sessionmaker[Session], content: bytes
) -> None:
    assert bring(client("wang"), filed(), content) == 422
    with maker() as session:
        assert session.scalars(select(Attachment)).all() == []


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd",
        "..\\..\\windows\\system32\\a.txt",
        "/etc/shadow",
        "C:\\a.txt",
        'a"; filename="b.html',
        "\u202egnp.exe.txt",
        "<img src=x onerror=alert(1)>.txt",
        "字" * 400 + ".txt",
        ".htaccess",
        "....",
        "con.txt",
        "\x00.txt",
    ],
)
def test_names_lead_nowhere(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings, name: str
) -> None:
    browser, number = client("wang"), filed()
    assert bring(browser, number, b"words", name) == 302
    file = only(maker)
    assert len(file.name) <= 120
    assert not set(file.name) & set('/\\<>:"|?*\r\n\x00\u202e')
    (path,) = [path for path in settings.upload_dir.rglob("*") if path.is_file()]
    assert path.relative_to(settings.upload_dir) == Path(file.stored_as)
    assert len(path.name) == 40
    answer = browser.get(f"/files/{file.id}")
    assert "\n" not in answer.headers["Content-Disposition"]
    assert "onerror=alert(1)>" not in browser.get(f"/my/tickets/{number}").text


# ── locked up until a scanner has spoken ─────────────────────────────────────────────────────────


def set_scan(maker: sessionmaker[Session], scan: Scan) -> None:
    with transaction(maker) as session:
        session.scalars(select(Attachment)).one().scan = scan


@pytest.mark.parametrize(
    ("scan", "words"), [(Scan.PENDING, "检查中"), (Scan.BLOCKED, "被拦截")], ids=["pending", "blocked"]
)
def test_nobody_opens_what_is_not_clean(
    client: Clients, filed: Filing, maker: sessionmaker[Session], scan: Scan, words: str
) -> None:
    number = filed()
    assert bring(client("wang"), number, png_of(30, 30)) == 302
    address = f"/files/{only(maker).id}"
    for login in ("wang", "agent", "expert"):
        assert client(login).get(address).status_code == 200, login
    set_scan(maker, scan)
    for login in ("wang", "agent", "expert", "manager"):
        for path in (address, f"{address}/thumb"):
            answer = client(login).get(path)
            assert answer.status_code == 422, f"{login} {path}"
            assert b"PNG" not in answer.data
        assert client("zhao").get(address).status_code == 404
    page = client("wang").get(f"/my/tickets/{number}").text
    assert words in page and f'src="{address}' not in page
    assert words in client("agent").get(f"/tickets/{number}").text


def test_a_page_with_files_being_checked_asks_again(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number, wang = filed(), client("wang")
    bring(wang, number, png_of(30, 30))
    assert 'hx-trigger="every 3s"' not in wang.fragment(f"/tickets/{number}/files").text
    set_scan(maker, Scan.PENDING)
    assert 'hx-trigger="every 3s"' in wang.fragment(f"/tickets/{number}/files").text
    assert client("zhao").fragment(f"/tickets/{number}/files").status_code == 404


# ── withdrawn, never deleted ─────────────────────────────────────────────────────────────────────


def test_a_withdrawn_file_is_nobodys_and_stays_on_record(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings
) -> None:
    number, wang = filed(), client("wang")
    bring(wang, number, png_of(30, 30), "身份证.png")
    file = only(maker)
    assert wang.submit(f"/files/{file.id}/withdraw", {"why": " "}).status_code == 422
    assert client("zhao").submit(f"/files/{file.id}/withdraw", {"why": "x"}).status_code == 404
    answer = client("agent").submit(f"/files/{file.id}/withdraw", {"why": "含有身份证号", "next": "/"})
    assert answer.status_code == 302
    for login in ("wang", "agent", "manager"):
        assert client(login).get(f"/files/{file.id}").status_code == 422
        assert client(login).get(f"/files/{file.id}/thumb").status_code == 422
    assert "含有身份证号" in wang.get(f"/my/tickets/{number}").text
    assert (settings.upload_dir / file.stored_as).is_file()  # kept, and out of everybody's reach
    with maker() as session:
        entries = session.scalars(select(Ticket)).one().trail
        (entry,) = [row for row in entries if row.action == Action.RETRACT]
        assert entry.data["sha256"] == file.sha256
    assert wang.submit(f"/files/{file.id}/withdraw", {"why": "又一次"}).status_code == 422


def test_files_of_an_ended_ticket_stay(
    client: Clients, filed: Filing, moved: Moving, maker: sessionmaker[Session]
) -> None:
    number, wang = filed(), client("wang")
    bring(wang, number, png_of(30, 30))
    moved(number, Action.CANCEL, "wang")
    assert wang.submit(f"/files/{only(maker).id}/withdraw", {"why": "传错了"}).status_code == 422
    assert wang.get(f"/files/{only(maker).id}").status_code == 200


def test_small_pictures_follow_the_rule_of_the_large(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = filed()
    bring(client("agent"), number, png_of(900, 700), internal="1")
    address = f"/files/{only(maker).id}/thumb"
    answer = client("expert").get(address)
    assert answer.mimetype == "image/webp" and "sandbox" in answer.headers["Content-Security-Policy"]
    assert client("wang").get(address).status_code == 404
    assert client().get(address).status_code == 302


def test_a_text_has_no_small_picture(client: Clients, filed: Filing, maker: sessionmaker[Session]) -> None:
    bring(client("wang"), filed(), b"words", "a.txt")
    assert client("wang").get(f"/files/{only(maker).id}/thumb").status_code == 404
