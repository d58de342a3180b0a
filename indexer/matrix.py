"""The vectors of one generation in files that every process maps: read once, held once in memory.

The store stays the truth. A folder of arrays is written beside and renamed into place; whoever opens
it checks that it was made by the same encoder, that nothing of it is missing or damaged, and that it
holds every vector that the store has up to its last number. What does not fit is ignored by readers
and made again by the next writer. Invariant: nothing that an opened folder says is ever changed; a
newer one has another name.
"""

import json
import logging
import os
import re
import shutil
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from indexer.columns import Columns
from indexer.vector_store import PieceBlock, VectorBlock, VectorStore

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"^matrix-(\d{1,9})$")
_READ_BYTES = 1 << 22
_TYPES: dict[str, type[np.generic]] = {
    "matrix": np.float32,
    "numbers": np.int64,
    "passages": np.int32,
    "piece_numbers": np.int64,
    "piece_starts": np.int64,
    "piece_ids": np.int32,
}


class Unfit(Exception):
    """These files must not be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class _About:
    encoder: str
    last: int
    """The number of the last document whose vectors are in it."""
    checksums: dict[str, int]


@dataclass(frozen=True, slots=True)
class Mapped:
    name: str
    last: int
    vectors: VectorBlock
    pieces: PieceBlock


def newest(folder: Path) -> str | None:
    """The latest folder of arrays that is complete, if there is one."""
    numbers = [int(found[1]) for path in folder.iterdir() if (found := _NAME.match(path.name))]
    return f"matrix-{max(numbers)}" if numbers else None


def filed_to(folder: Path, *, refused: str | None) -> int:
    """The number of the last document in the latest folder; 0 without one that can be used."""
    name = newest(folder)
    if name is None or name == refused:
        return 0
    try:
        return int(json.loads((folder / name / "about.json").read_text(encoding="utf-8"))["last"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def mapped(folder: Path, name: str, *, encoder: str, rows: VectorStore, columns: Columns) -> Mapped | None:
    """Opened and compared with the store; None when it does not fit."""
    try:
        return _checked(folder / name, encoder=encoder, rows=rows, columns=columns)
    except (Unfit, OSError, ValueError, KeyError, TypeError) as fault:
        _LOG.warning("the vectors' file %s is not used and will be made again: %s", name, fault)
        return None


def _checked(folder: Path, *, encoder: str, rows: VectorStore, columns: Columns) -> Mapped:
    about = _About(**json.loads((folder / "about.json").read_text(encoding="utf-8")))
    if about.encoder != encoder:
        raise Unfit("another encoder made it")
    arrays = {name: _array(folder, name, about.checksums[name]) for name in _TYPES}
    vectors = VectorBlock(arrays["numbers"], arrays["passages"], arrays["matrix"])
    pieces = PieceBlock(arrays["piece_numbers"], arrays["piece_starts"], arrays["piece_ids"])
    if len(vectors.numbers) != len(vectors.matrix) or len(pieces.starts) != len(pieces.numbers) + 1:
        raise Unfit("its arrays do not belong together")
    places = columns.place_of_numbers(vectors.numbers)
    held = int(np.count_nonzero(columns.live[places[places >= 0]]))
    if held != rows.count(upto=about.last):
        raise Unfit("the store has other vectors")
    return Mapped(folder.name, about.last, vectors, pieces)


def _array(folder: Path, name: str, checksum: int) -> NDArray[Any]:
    path = folder / f"{name}.npy"
    if _checksum(path) != checksum:
        raise Unfit(f"{name} is damaged")
    found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if found.dtype != _TYPES[name]:
        raise Unfit(f"{name} holds something else")
    # A plain view of the mapping: a memmap's own slices cost microseconds each.
    return found.view(np.ndarray)


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            checksum = zlib.crc32(block, checksum)
    return checksum


def write(folder: Path, rows: VectorStore, *, encoder: str, last: int) -> None:
    """Make the arrays anew from the store and put them in place of older ones. One writer at a time."""
    before = newest(folder)
    number = int(before.rpartition("-")[2]) + 1 if before else 1
    beside = folder / f".matrix.{os.getpid()}"
    for left in folder.glob(".matrix.*"):  # by a writer that was killed
        shutil.rmtree(left, ignore_errors=True)
    beside.mkdir(mode=0o700)
    try:
        _write_arrays(beside, rows, last)
        about = _About(encoder, last, {name: _checksum(beside / f"{name}.npy") for name in _TYPES})
        (beside / "about.json").write_text(json.dumps(asdict(about)), encoding="utf-8")
        beside.rename(folder / f"matrix-{number}")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for path in folder.iterdir():
        if (found := _NAME.match(path.name)) and int(found[1]) < number:
            # Whoever has it mapped keeps what it mapped.
            shutil.rmtree(path, ignore_errors=True)


def _write_arrays(folder: Path, rows: VectorStore, last: int) -> None:
    numbers: list[NDArray[np.int64]] = []
    passages: list[NDArray[np.int32]] = []
    matrix: NDArray[np.float32] | None = None
    total, filled = rows.count(upto=last), 0
    for block in rows.blocks(after=0, upto=last):
        if matrix is None:
            shape = (total, block.matrix.shape[1])
            matrix = open_memmap(folder / "matrix.npy", mode="w+", dtype=np.float32, shape=shape)
        matrix[filled : filled + len(block.numbers)] = block.matrix
        filled += len(block.numbers)
        numbers.append(block.numbers)
        passages.append(block.passages)
    if matrix is None or filled != total:
        raise Unfit("the store changed while it was read")
    del matrix
    np.save(folder / "numbers.npy", np.concatenate(numbers))
    np.save(folder / "passages.npy", np.concatenate(passages))
    _write_pieces(folder, list(rows.piece_blocks(after=0, upto=last)))


def _write_pieces(folder: Path, blocks: list[PieceBlock]) -> None:
    lengths = [np.diff(block.starts) for block in blocks]
    every = np.concatenate([np.zeros(1, dtype=np.int64), *lengths])
    np.save(folder / "piece_numbers.npy", _joined([block.numbers for block in blocks], np.int64))
    np.save(folder / "piece_starts.npy", np.cumsum(every).astype(np.int64))
    np.save(folder / "piece_ids.npy", _joined([block.ids for block in blocks], np.int32))


def _joined(parts: list[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)
