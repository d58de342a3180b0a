"""Numbers in addresses. The invariant: what no row can be called is no page, on every database alike.

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
