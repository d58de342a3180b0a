"""What a file is, by its content; and what becomes of a file whose transaction fails."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy.orm import Session

from kb.flow import Refused
from portal.tickets.attachments import LONGEST_NAME, Upload, clean_name, store
from portal.tickets.file_types import PICTURES, TEXT, ZIP, is_shown_inline, type_of
from tests.world import World


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return held.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
def test_pictures_are_known_by_their_content(kind: str) -> None:
    held = io.BytesIO()
    Image.new("RGB", (4, 4)).save(held, kind)
    found = type_of(held.getvalue())
    assert found is not None
    assert found.startswith("image/")
    assert is_shown_inline(found) == (kind in PICTURES)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (zipped("[Content_Types].xml", "word/document.xml"), "wordprocessingml.document"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "spreadsheetml.sheet"),
        (zipped("OFD.xml"), "application/ofd"),
        (zipped("a.log"), ZIP),
        (b"%PDF-1.4 ...", "application/pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(8), "application/x-ole-storage"),
        ("报错 ORA-01017".encode(), TEXT),
        ("报错 ORA-01017".encode("gb18030"), TEXT),
        ("报错".encode("utf-16"), TEXT),
        (b"<html>", TEXT),
        (b"#!/bin/sh\nrm -rf /\n", TEXT),
    ],
)
def test_documents_are_known_by_their_content(content: bytes, kind: str) -> None:
    found = type_of(content)
    assert found is not None
    assert found.endswith(kind)


@pytest.mark.parametrize(
    "content", [b"MZ\x90\x00", b"\x7fELF\x02\x01\x01\x00", b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\n..."]
)
def test_programs_and_broken_files_are_not_taken(content: bytes) -> None:
    assert type_of(content) is None


def test_a_picture_that_would_fill_the_memory_is_not_taken() -> None:
    held = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(held, "PNG")
    assert len(held.getvalue()) < 1_000_000
    assert type_of(held.getvalue()) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_an_accident(content: bytes) -> None:
    kind = type_of(content)
    assert kind is None or "/" in kind


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_is_safe_to_give_back(name: str) -> None:
    clean = clean_name(name)
    assert clean
    assert len(clean) <= LONGEST_NAME
    assert not set(clean) & set('/\\<>:"|?*\r\n\x00')
    assert clean not in (".", "..")


def test_a_rolled_back_file_leaves_the_disk_and_a_kept_one_stays(
    session: Session, desk_world: World, tmp_path: Path
) -> None:
    wang = desk_world.people["wang"]

    def bring() -> None:
        store(session, [Upload("a.txt", b"words")], by=wang, folder=tmp_path, limit_mb=1)

    def lying() -> list[Path]:
        return [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != tmp_path.name]

    bring()
    session.rollback()
    assert lying() == []
    bring()
    session.commit()
    session.rollback()
    assert len(lying()) == 1


def test_too_large_is_refused_before_anything_is_written(
    session: Session, desk_world: World, tmp_path: Path
) -> None:
    uploads = [Upload("ok.txt", b"a"), Upload("big.txt", b"a" * (1024 * 1024 + 1))]
    with pytest.raises(Refused):
        store(session, uploads, by=desk_world.people["wang"], folder=tmp_path / "files", limit_mb=1)
    assert not (tmp_path / "files").exists()
