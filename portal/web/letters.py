"""Text as it comes from outside, without letters that nobody types and nobody sees.

PostgreSQL refuses a NUL before it looks at anything else, and whoever sent one would be told of a fault;
SQLite keeps it. What steers a terminal comes along with a paste; what turns the direction of writing around
makes the text after it read as another one, a name as somebody else's (CVE-2021-42574). The invariant: no
argument of an address and no field of a form brings one in, and nothing is called by a NUL.
"""

from __future__ import annotations

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import Map, UnicodeConverter
from werkzeug.utils import cached_property

NUL = "\x00"
_LINES = frozenset("\t\n\r")
_CONTROLS = [chr(code) for code in (*range(32), *range(0x7F, 0xA0)) if chr(code) not in _LINES]
_TURNING = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
UNSEEN = str.maketrans(dict.fromkeys((*_CONTROLS, *_TURNING), ""))


def seen(text: str) -> str:
    """What can be read of it."""
    return text if text.isprintable() else text.translate(UNSEEN)


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
    if all(name.isprintable() and value.isprintable() for name, value in said.items(multi=True)):
        return said
    return ImmutableMultiDict((seen(name), seen(value)) for name, value in said.items(multi=True))
