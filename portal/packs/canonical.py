"""JSON with one spelling for each value: what is signed and what is hashed. Pure.

The invariant: bytes that are not the one spelling of what they say are refused, so that nobody can change
a file without changing its hash, and two desks hash the same content alike.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from indexer.words import N_
from portal.packs.words import BadPack

GARBLED = N_("资料包里的内容不是规定的写法，可能损坏或被改动过，没有读取。")


def spelled(value: Any) -> bytes:
    """The one spelling of a value of texts, whole numbers, switches, lists and objects."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def digest(value: Any) -> str:
    return hashlib.sha256(spelled(value)).hexdigest()


def read(raw: bytes) -> Any:
    """The value that these bytes spell; raises :class:`BadPack`."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_never, parse_float=_never
        )
        if spelled(value) == raw:
            return value
    except (ValueError, RecursionError) as fault:
        raise BadPack(GARBLED) from fault
    raise BadPack(GARBLED)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _never(text: str) -> Any:
    raise ValueError(text)
