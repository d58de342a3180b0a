"""Small pictures of big ones, made when first asked for and kept beside the file.

Never before a file may be had at all: a decoder is the part of the house that an attacker would aim at. The
invariant: no picture is unpacked whose pixels would fill the memory, and one at a time per process.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from portal.tickets.file_types import PICTURES

SIZE = (320, 240)
#: JPEG is unpacked at a fraction of its size; everything else as it is, four bytes a pixel.
MOST_PIXELS, MOST_JPEG_PIXELS = 25_000_000, 60_000_000
ENDING = ".thumb"
TYPE = "image/webp"

_ONE_AT_A_TIME = threading.Lock()
_LOG = logging.getLogger(__name__)


def thumbnail(path: Path) -> Path | None:
    """Where the small picture of this file lies; None when there can be none."""
    small = path.with_name(path.name + ENDING)
    if not small.exists():
        with _ONE_AT_A_TIME:
            if not small.exists():
                _keep(small, _drawn(path))
    return small if small.stat().st_size else None  # an empty one says: tried, and impossible


def _drawn(path: Path) -> Image.Image | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is judged here
            with Image.open(path, formats=list(PICTURES)) as picture:
                return _small(picture)
    except Exception as trouble:  # noqa: BLE001 - damaged pictures raise anything; without one the page goes on
        _LOG.info("no small picture of %s: %s: %s", path.name, type(trouble).__name__, trouble)
        return None


def _small(picture: Image.Image) -> Image.Image | None:
    limit = MOST_JPEG_PIXELS if picture.format == "JPEG" else MOST_PIXELS
    if picture.width * picture.height > limit:
        return None
    picture.draft("RGB", (SIZE[0] * 2, SIZE[1] * 2))
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail(SIZE)
    return upright.convert("RGBA" if "A" in upright.getbands() or "transparency" in upright.info else "RGB")


def _keep(small: Path, picture: Image.Image | None) -> None:
    """Written aside and then renamed: nobody ever reads half a picture."""
    handle, name = tempfile.mkstemp(dir=small.parent, prefix=".thumb-")
    with os.fdopen(handle, "wb") as file:
        if picture is not None:
            picture.save(file, "WEBP", quality=80)  # pixels alone: no place, no camera, no comment
    Path(name).replace(small)
