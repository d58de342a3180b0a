"""What people typed as plain text within Markdown: nothing in it is a mark of ours. Pure."""

from __future__ import annotations

import re

#: What Markdown takes for a mark; an underscore within a word is none.
_SPECIAL = re.compile(r"([\\`*\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_AT_START = re.compile(r"^([-+=#>]|\d+(?=[.)]))")


def escaped(sentence: str) -> str:
    """What people typed is text: nothing in it is a mark of ours."""
    line = _SPECIAL.sub(r"\\\1", " ".join(sentence.split())).replace("<", "&lt;")
    return _AT_START.sub(lambda match: f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}", line)
