"""What the page of a pack and the page of one item show. No routes here: those are ``packs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import render_template, request
from sqlalchemy import select

from defects.models import Defect
from kb.counting import count_of
from kb.models import Article
from portal.packs import applying, idents, lists, places, taking, ties
from portal.packs.compared import Side, sides
from portal.packs.lists import Narrowed
from portal.packs.models import Pack, PackItem
from portal.packs.receiving import APPLIERS, WAITING
from portal.packs.words import CHOICES, MOVING, Choice, Fate, Kind, Phase, Standing
from portal.people.queries import people_by_id
from portal.web.labels import translated
from portal.web.pack_words import spoken
from portal.web.paging import pages
from portal.web.request import db, me

PER_PAGE = 50
#: What is still to come in each moving phase.
AWAITED = {Phase.CHECKING: Fate.OPEN, Phase.RUNNING: Fate.CHOSEN, Phase.UNDOING: Fate.UNDOING}


def asked() -> dict[str, Any]:
    """What the list is narrowed to, for addresses that come back to it; nothing else of the request."""
    names = ("q", "kind", "standing", "fate", "page")
    return {name: request.args[name] for name in names if name in request.args}


def pack_page(
    pack: Pack,
    narrowed: Narrowed,
    *,
    fragment: bool = False,
    problem: str = "",
    given: Mapping[str, str] | None = None,
) -> str:
    """Everything about a pack; its items only for those who may take some."""
    inside = any(me().may(permission) for permission in APPLIERS) and pack.phase != Phase.UNTRUSTED
    return render_template(
        "packs/_pack.html" if fragment else "packs/pack.html",
        pack=pack,
        problem=problem,
        given=given or {},
        inside=inside,
        asked=asked(),
        moving=pack.phase in MOVING,
        open=pack.phase in applying.OPEN and bool(pack.stored_as),
        waiting_here=pack.phase in WAITING,
        kinds=list(Kind),
        **(_inside(pack, narrowed) if inside else {}),
    )


def _inside(pack: Pack, narrowed: Narrowed) -> dict[str, Any]:
    wanted = lists.items(pack, narrowed)
    total = count_of(db(), wanted)
    cursor = pages(total, per_page=PER_PAGE)
    rows = db().scalars(wanted.limit(PER_PAGE).offset(cursor.offset)).all()
    fates, chosen = lists.fates(db(), pack), lists.waiting(db(), pack)
    mine = taking.kinds_open_to(me())
    return {
        "narrowed": narrowed,
        "cursor": cursor,
        "items": rows,
        "here": numbers_here(rows),
        "choices": CHOICES,
        "standings": lists.standings(db(), pack),
        "standing_order": lists.ORDER,
        "fates": fates,
        "all": sum(fates.values()),
        "settled": sum(fates.values()) - fates.get(AWAITED.get(pack.phase, Fate.KEPT), 0),
        "chosen": {kind: chosen[kind] for kind in mine if kind in chosen},
        "for_others": {kind: count for kind, count in chosen.items() if kind not in mine},
        "may_apply": applying.asked(db(), pack, me()),
        "may_undo": applying.may_undo(db(), pack, me()),
        "may_publish": Kind.ARTICLE in mine,
        "unknown": _unknown(pack),
        "number_of": idents.number_of,
        "sentence": lambda item: translated(item.sentence, **item.told),
        "Choice": Choice,
        "Standing": Standing,
    }


def _unknown(pack: Pack) -> list[tuple[places.Place, list[tuple[str, str]]]]:
    """Places of theirs that aren't here under the same code, each with ours to choose from."""
    here = places.known(db())
    return [(place, sorted(here.names[place.kind].items())) for place in places.unknown(pack, here)]


def numbers_here(rows: Sequence[PackItem]) -> dict[int, str]:
    """Item → the number of what is here of it; two queries for any number of items."""
    found: dict[int, str] = {}
    models: dict[Kind, Any] = {Kind.ARTICLE: Article, Kind.DEFECT: Defect}
    for kind, model in models.items():
        ids = {row.id: row.subject_id for row in rows if row.kind == kind and row.subject_id}
        if ids:
            known = select(model.id, model.number).where(model.id.in_(ids.values()))
            numbers: dict[int, str] = dict(db().execute(known).all())
            found |= {item: numbers[id_] for item, id_ in ids.items() if id_ in numbers}
    return found


def _sides(pack: Pack, item: PackItem) -> list[Side]:
    return sides(db(), item, ours=spoken(places.known(db()).names), theirs=spoken(pack.places))


def item_page(pack: Pack, item: PackItem) -> str:
    standing = item.standing or Standing.UNCHANGED
    return render_template(
        "packs/item.html",
        pack=pack,
        item=item,
        sides=_sides(pack, item) if item.values else [],
        here=numbers_here([item]).get(item.id, ""),
        choices=CHOICES[standing] if pack.phase in applying.OPEN and item.fate == Fate.CHECKED else (),
        people=people_by_id(db(), [item.chosen_by_id, item.by_id]),
        number=idents.number_of(item.ident),
        from_us=idents.parts(item.ident)[0] == ties.this_desk(db()).desk,
        sentence=translated(item.sentence, **item.told),
        gone=bool(item.values) and item.values.get("content") is None,
    )
