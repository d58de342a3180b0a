"""What an item is called on every desk: the number of the desk it was first on, and its own name there.

An article or a defect is named as exports name it (``kb.importing.identity``): by its number and the
moment it was made. A group of synonyms is named by its words. Pure.
"""

from __future__ import annotations

import re

from kb.importing.identity import Key

#: The desk, then KB000012@20260301T020000.000000 or ~ and a digest.
DESK = re.compile(r"[0-9a-f]{16}", re.ASCII)
OWN = r"(?:KB|QX)\d{6,12}@\d{8}T\d{6}\.\d{6}"
IDENT = re.compile(rf"[0-9a-f]{{16}}:(?:{OWN}|~[0-9a-f]{{20}})", re.ASCII)
THING = re.compile(rf"[0-9a-f]{{16}}:{OWN}", re.ASCII)


def ident_of(desk: str, name: str) -> str:
    return f"{desk}:{name}"


def parts(ident: str) -> tuple[str, str]:
    """(desk, name there)."""
    desk, _, name = ident.partition(":")
    return desk, name


def key_of(ident: str) -> Key:
    """How an article or a defect that came by a pack is known to imports: its origin and its number there."""
    desk, name = parts(ident)
    return f"desk:{desk}", name


def number_of(ident: str) -> str:
    """Its number on the desk that it comes from; empty for what has none."""
    name = parts(ident)[1]
    return name.partition("@")[0] if "@" in name else ""
