"""Numbers of rows in addresses and forms. The invariant: what no row can be called is no row on any database.

PostgreSQL refuses a number that is larger than its column before it looks for the row; nobody who types one
should be told of a fault.
"""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter, Map

#: Of the widest key that a table has.
LARGEST = 2**31 - 1


class Number(IntegerConverter):
    """``<int:…>`` of a row; beyond the largest the address is unknown, and the answer 404."""

    def __init__(self, addresses: Map, *, max: int | None = LARGEST, **options: Any) -> None:
        super().__init__(addresses, max=max, **options)


def key_in(text: str | int) -> int:
    """The number of a row that a form names; :class:`ValueError`, as of ``int``, for what none can have."""
    number = int(text)
    if not 0 <= number <= LARGEST:
        raise ValueError(text)
    return number
