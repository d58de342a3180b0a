"""Pages of a list: which one is shown, how many there are, and the address of the others.

The address keeps every other argument of the request, so that filters survive turning the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from flask import request, url_for

PER_PAGE = 20
LAST_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Pages:
    """What ``parts/desk.html`` draws; numbers start at 1."""

    number: int
    total: int
    per_page: int = PER_PAGE

    @property
    def count(self) -> int:
        return max(1, ceil(self.total / self.per_page))

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.per_page

    def url(self, number: int) -> str:
        """The same request with another page."""
        kept = {name: values for name, values in request.args.to_dict(flat=False).items() if name != "page"}
        return url_for(request.endpoint or "", **{**(request.view_args or {}), **kept, "page": number})


def asked_page() -> int:
    """The page the address asks for; nonsense means the first."""
    asked = request.args.get("page", "1")
    return min(max(1, int(asked)), LAST_PAGE) if asked.isdecimal() and len(asked) < 8 else 1


def pages(total: int, *, per_page: int = PER_PAGE) -> Pages:
    """The page asked for, or the last one when there are fewer."""
    last = max(1, ceil(total / per_page))
    return Pages(min(asked_page(), last), total, per_page)
