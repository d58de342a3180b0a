"""What ``tierdesk pack`` tells: who signed, what is in it, how each item stands here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import click
from sqlalchemy.orm import Session

from kb import compare
from portal.packs import lists
from portal.packs.compared import sides
from portal.packs.idents import number_of
from portal.packs.lists import Narrowed
from portal.packs.manifest import Opened
from portal.packs.models import Pack, PackItem
from portal.packs.words import CHOICE_LABELS, FATE_LABELS, KIND_LABELS, STANDING_LABELS, Kind, Standing


def about(found: Opened, *, trusted: str | None) -> dict[str, Any]:
    """A pack as its manifest says, and whether its signer is trusted here."""
    said = found.manifest
    return {
        "desk": said.desk_name,
        "desk_id": said.desk,
        "serial": said.serial,
        "made_at": said.made_at.isoformat(),
        "made_by": [post.value for post in said.made_by],
        "scope": said.scope,
        "languages": list(said.languages),
        "counts": said.counts,
        "fingerprint": found.fingerprint,
        "signed": True,
        "trusted": trusted,
    }


def counted(counts: dict[str, int]) -> str:
    return "、".join(f"{KIND_LABELS[kind]} {counts[kind.value]}" for kind in Kind)


def lines_about(told: dict[str, Any]) -> Iterator[str]:
    yield f"{told['desk']} 的第 {told['serial']} 个资料包，{told['made_at']} 制作"
    yield f"{counted(told['counts'])}，文件 {told['counts']['file']}"
    yield f"签名正确，指纹 {told['fingerprint']}"
    yield f"签名人：{told['trusted']}（已受信任）" if told["trusted"] else "签名人还没有受信任"


def item_told(row: PackItem) -> dict[str, Any]:
    return {
        "kind": row.kind.value,
        "id": row.ident,
        "number": number_of(row.ident),
        "title": row.title,
        "standing": row.standing.value if row.standing else None,
        "choice": row.chosen.value,
        "fate": row.fate.value,
        "sentence": _sentence(row),
    }


def _sentence(row: PackItem) -> str:
    return row.sentence % row.told if row.told else row.sentence


def items_told(session: Session, pack: Pack) -> list[dict[str, Any]]:
    return [item_told(row) for row in session.scalars(lists.items(pack, Narrowed()))]


def tell_items(session: Session, pack: Pack, *, texts: bool = False) -> None:
    """A line for each item that isn't simply the same, and the conflicts word by word when asked."""
    counts = lists.standings(session, pack)
    told = (f"{STANDING_LABELS[standing]} {count}" for standing, count in sorted(counts.items()))
    click.echo("，".join(told) or "没有内容")
    if pack.older:
        click.echo("注意：这个资料包比已经接收过的旧。")
    for row in session.scalars(lists.items(pack, Narrowed())):
        if row.standing == Standing.UNCHANGED:
            continue
        standing = STANDING_LABELS[row.standing] if row.standing else ""
        number = number_of(row.ident)
        why = _sentence(row)
        click.echo(
            f"{standing}\t{CHOICE_LABELS[row.chosen]}\t{number}\t{row.title}{'：' + why if why else ''}"
        )
        if texts and row.standing == Standing.CONFLICT:
            click.echo("\n".join(_compared(session, row)))


def _compared(session: Session, row: PackItem) -> Iterator[str]:
    for side in sides(session, row):
        if side.differs:
            yield f"  {side.name}"
            yield "    " + "".join(_marked(side.pieces)).replace("\n", "\n    ")


def _marked(pieces: Iterable[compare.Piece]) -> Iterator[str]:
    for piece in pieces:
        match piece.change:
            case compare.Change.SAME:
                yield piece.text
            case compare.Change.ADDED:
                yield f"{{+{piece.text}+}}"
            case _:
                yield f"[-{piece.text}-]"


def tell_fates(session: Session, pack: Pack) -> None:
    counts = lists.fates(session, pack)
    click.echo("，".join(f"{FATE_LABELS[fate]} {count}" for fate, count in sorted(counts.items())))
    for row in session.scalars(lists.items(pack, Narrowed())):
        if row.sentence:
            click.echo(f"{FATE_LABELS[row.fate]}\t{row.title}：{_sentence(row)}")
