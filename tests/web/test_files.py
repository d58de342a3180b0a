"""Files: typed by content, shown to those who may see what they hang on, never run by a browser."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from kb.audience import Audience
from portal.config import Settings
from portal.db import transaction
from portal.tickets import attachments
from portal.tickets.attachments import Upload
from portal.tickets.models import Attachment
from portal.tickets.words import Action
from tests.web.conftest import Clients, Filing, Moving, Visitor, Writing, png_of
from tests.world import World

MULTIPART = "multipart/form-data"
HTML = b"<html><script>alert(1)</script></html>"


def brought(browser: Visitor, number: str, content: bytes, name: str = "a.png", **more: str) -> int:
    """The status of bringing one file."""
    data = {"files": (io.BytesIO(content), name), **more}
    return browser.submit(f"/tickets/{number}/files", data, content_type=MULTIPART).status_code


def kept(maker: sessionmaker[Session]) -> list[Attachment]:
    with maker() as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


def on_disk(settings: Settings) -> list[Path]:
    return [path for path in settings.upload_dir.rglob("*") if path.is_file()]


def test_a_picture_is_shown_and_keeps_its_bytes(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings
) -> None:
    browser, number, content = client("wang"), filed(), png_of(5, 5)
    assert brought(browser, number, content, "屏幕 截图.PNG") == 302
    (file,) = kept(maker)
    assert (file.name, file.content_type, file.size) == ("屏幕 截图.PNG", "image/png", len(content))
    answer = browser.get(f"/files/{file.id}")
    assert answer.data == content
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert not answer.headers["Content-Disposition"].startswith("attachment")
    (path,) = on_disk(settings)
    assert "截图" not in path.name
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("page.html", HTML, "text/plain"),
        ("picture.png", HTML, "text/plain"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
        ("report.pdf", b"%PDF-1.7\n\x00\x01", "application/pdf"),
    ],
)
def test_everything_but_pictures_is_only_saved(
    client: Clients, filed: Filing, maker: sessionmaker[Session], name: str, content: bytes, kind: str
) -> None:
    browser, number = client("wang"), filed()
    assert brought(browser, number, content, name) == 302
    answer = browser.get(f"/files/{kept(maker)[0].id}")
    assert answer.mimetype == kind
    assert answer.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00" + bytes(64), b"\x7fELF" + bytes(64), bytes(range(256))]
)
def test_what_the_desk_does_not_take_is_refused_and_leaves_nothing(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings, content: bytes
) -> None:
    browser, number = client("wang"), filed()
    assert brought(browser, number, content) == 422
    assert kept(maker) == []
    assert on_disk(settings) == []


def test_one_bad_file_keeps_the_good_ones_out(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings
) -> None:
    browser, number = client("wang"), filed()
    files = [(io.BytesIO(png_of(2, 2)), "good.png"), (io.BytesIO(b"MZ" + bytes(9)), "bad.png")]
    answer = browser.submit(f"/tickets/{number}/files", {"files": files}, content_type=MULTIPART)
    assert answer.status_code == 422
    assert "bad.png" in answer.text
    assert kept(maker) == []
    assert on_disk(settings) == []


def test_size_and_number_have_limits(
    client: Clients, filed: Filing, maker: sessionmaker[Session], settings: Settings
) -> None:
    browser, number = client("wang"), filed()
    assert brought(browser, number, b"a" * (settings.upload_limit_mb * 1024 * 1024 + 1), "big.txt") == 422
    many = [(io.BytesIO(b"x"), f"{place}.txt") for place in range(attachments.AT_ONCE + 1)]
    answer = browser.submit(f"/tickets/{number}/files", {"files": many}, content_type=MULTIPART)
    assert answer.status_code == 422
    assert kept(maker) == []


def test_who_may_not_see_the_ticket_may_not_see_or_bring_its_files(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = filed()
    assert brought(client("wang"), number, png_of(2, 2)) == 302
    address = f"/files/{kept(maker)[0].id}"
    for login, status in (("zhao", 404), ("wang", 200), ("agent", 200), ("expert", 200)):
        assert client(login).get(address).status_code == status, login
    assert client().get(address).status_code == 302
    assert client("wang").get("/files/999").status_code == 404
    assert brought(client("zhao"), number, png_of(2, 2)) == 404


def test_internal_files_are_for_those_who_serve_the_ticket(
    client: Clients, filed: Filing, maker: sessionmaker[Session]
) -> None:
    number = filed()
    assert brought(client("wang"), number, png_of(2, 2), internal="1") == 422
    assert brought(client("agent"), number, png_of(2, 2), "内部.png", internal="1") == 302
    address = f"/files/{kept(maker)[0].id}"
    assert client("wang").get(address).status_code == 404
    assert "内部.png" not in client("wang").get(f"/my/tickets/{number}").text
    assert client("expert").get(address).status_code == 200


def test_an_ended_ticket_takes_no_more_files(client: Clients, filed: Filing, moved: Moving) -> None:
    number = filed()
    moved(number, Action.CANCEL, "wang")
    assert brought(client("wang"), number, png_of(2, 2)) == 422


def test_htmx_gets_the_new_list(client: Clients, filed: Filing) -> None:
    number = filed()
    data = {"files": (io.BytesIO(b"log line"), "run.log")}
    answer = client("wang").submit_fragment(f"/tickets/{number}/files", data, content_type=MULTIPART)
    assert "run.log" in answer.text
    assert "<html" not in answer.text


def test_an_articles_files_are_seen_by_its_readers(
    client: Clients, published: Writing, maker: sessionmaker[Session], settings: Settings
) -> None:
    open_one, closed_one = published("大家都能看"), published("专家才能看", audience=Audience.EXPERTS)
    ids = []
    with transaction(maker) as session:
        editor = World.of(session).people["editor"]
        for number in (open_one, closed_one):
            article = session.get(attachments.Article, number)
            upload = Upload("step.png", png_of(2, 2))
            (file,) = attachments.illustrate(
                session, article, [upload], by=editor, folder=settings.upload_dir, limit_mb=1
            )
            ids.append(file.id)
    for login, statuses in (("wang", (200, 404)), ("expert", (200, 200))):
        assert tuple(client(login).get(f"/files/{number}").status_code for number in ids) == statuses
