"""Small pictures: made once, harmless, and none where unpacking would cost too much."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from portal.tickets.file_types import type_of
from portal.tickets.thumbnails import ENDING, SIZE, thumbnail


def drawn(kind: str, size: tuple[int, int], mode: str = "RGB", **more: object) -> bytes:
    held = io.BytesIO()
    Image.new(mode, size, 90).save(held, kind, **more)
    return held.getvalue()


def laid(folder: Path, content: bytes) -> Path:
    path = folder / "picture"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_large_picture_gets_a_small_one(tmp_path: Path, kind: str) -> None:
    small = thumbnail(laid(tmp_path, drawn(kind, (1600, 900), "L")))
    assert small is not None
    with Image.open(small) as picture:
        assert picture.format == "WEBP"
        assert picture.width <= SIZE[0] and picture.height <= SIZE[1]


def test_it_is_made_once(tmp_path: Path) -> None:
    path = laid(tmp_path, drawn("PNG", (800, 600)))
    first = thumbnail(path)
    path.write_bytes(b"gone")
    assert thumbnail(path) == first


def test_where_it_was_taken_does_not_come_along(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    small = thumbnail(laid(tmp_path, drawn("JPEG", (900, 600), exif=exif)))
    assert small is not None
    assert b"secret place" not in small.read_bytes()


def bomb(side: int) -> bytes:
    """A PNG of side × side pixels in a few kilobytes, without ever drawing it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack("!I", len(body)) + name + body + struct.pack("!I", zlib.crc32(name + body))

    row = b"\0" + bytes(side // 8)
    squeeze = zlib.compressobj(9)
    body = b"".join(squeeze.compress(row) for _ in range(side)) + squeeze.flush()
    head = struct.pack("!IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    content = bomb(6400)  # 41 million pixels: taken as a file, never unpacked
    assert len(content) < 200_000
    assert type_of(content) == "image/png"
    path = laid(tmp_path, content)
    assert thumbnail(path) is None
    assert path.with_name(path.name + ENDING).stat().st_size == 0  # and it isn't tried again
    assert thumbnail(path) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.integers(8, 400), noise=st.binary(min_size=1, max_size=60))
def test_damaged_pictures_cause_no_accident(tmp_path: Path, start: int, noise: bytes) -> None:
    content = drawn("PNG", (40, 30))
    path = laid(tmp_path, content[:start] + noise + content[start + len(noise) :])
    path.with_name(path.name + ENDING).unlink(missing_ok=True)
    thumbnail(path)
