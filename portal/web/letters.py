"""Text as it comes from outside, without the one letter that no text of a database can hold.

PostgreSQL refuses a NUL before it looks at anything else, and whoever sent one would be told of a fault;
SQLite keeps it. The invariant: no argument of an address, no field of a form and no part of an address that
names something ever brings one in.
"""

from __future__ import annotations

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import Map, UnicodeConverter
from werkzeug.utils import cached_property

NUL = "\x00"


class Name(UnicodeConverter):
    """``<…>`` of a login, a number, a code: nothing is called by a NUL, and the answer is 404."""

    def __init__(self, addresses: Map, *args: int, **options: int) -> None:
        super().__init__(addresses, *args, **options)
        self.regex = self.regex.replace("[^/]", rf"[^/{NUL}]")


class CleanRequest(Request):
    """A request whose arguments and fields are text that can be kept."""

    @cached_property
    def args(self) -> MultiDict[str, str]:
        return _kept(super().args)

    def _load_form_data(self) -> None:
        super()._load_form_data()
        self.__dict__["form"] = _kept(self.__dict__["form"])


def _kept(said: MultiDict[str, str]) -> MultiDict[str, str]:
    if not any(NUL in name or NUL in value for name, value in said.items(multi=True)):
        return said
    pairs = ((name.replace(NUL, ""), value.replace(NUL, "")) for name, value in said.items(multi=True))
    return ImmutableMultiDict(pairs)
