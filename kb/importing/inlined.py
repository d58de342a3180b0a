"""Pictures that stand inside a page or a document itself: taken out under names of their own.

The invariant: a name is made of the content, so that the same picture has the same name every time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re

from kb.importing.entries import Entry, Find

ADDRESS = re.compile(r"^data:image/([a-z.+-]{1,20});base64,", re.IGNORECASE)
ENDINGS = {"jpeg": "jpg", "x-emf": "emf", "x-wmf": "wmf", "svg+xml": "svg"}


class Inlined:
    """The pictures of one page or document; equal ones once."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def take(self, content: bytes, kind: str) -> str:
        """Keep a picture of this kind (png, jpeg, …) and give its name."""
        ending = ENDINGS.get(kind.lower(), kind.lower())[:10]
        name = f"{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        self.held[name] = content
        return name

    def take_address(self, address: str) -> str | None:
        """The same for a picture in a ``data:`` address; None when it is none, or broken."""
        head = ADDRESS.match(address)
        if head is None:
            return None
        try:
            content = base64.b64decode(address[head.end() :])
        except (binascii.Error, ValueError):
            return None
        return self.take(content, head[1]) if content else None

    def find(self, target: str) -> Entry | None:
        content = self.held.get(target)
        return None if content is None else Entry(target, len(content), lambda: io.BytesIO(content))


def either(first: Find | None, second: Find) -> Find:
    """What stands inside comes before what lies beside."""
    if first is None:
        return second
    inside = first
    return lambda target: inside(target) or second(target)
