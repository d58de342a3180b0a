"""Received packs on the pages: bringing one, how its items stand here, choices, progress, taking it back.

Rules live in ``portal.packs``; what is inside a pack is shown to those only who may take something of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.packs import applying, lists, receiving
from portal.packs.lists import Narrowed
from portal.packs.models import Pack, PackItem
from portal.packs.parts import Bench, carry_on
from portal.packs.receiving import APPLIERS
from portal.packs.signing import own_key
from portal.packs.words import Choice, Fate, Kind, Standing
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.pack_pages import asked, item_page, pack_page
from portal.web.paging import pages
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("packs", __name__)
#: Whoever has anything to do with packs at all.
SEERS = (*APPLIERS, Permission.MAKE_PACKS, Permission.TRUST_SENDERS)
PER_PAGE = 20
Page = Response | str | tuple[str, int]
Closed = TypeVar("Closed", bound=StrEnum)


@blueprint.get("/packs")
@needs(*SEERS)
def page() -> str:
    """Packs that came and packs that were made."""
    return _list()


def _list(problem: str = "") -> str:
    total = db().scalar(select(func.count()).select_from(Pack)) or 0
    cursor = pages(total, per_page=PER_PAGE)
    rows = lists.received().options(joinedload(Pack.by)).limit(PER_PAGE).offset(cursor.offset)
    made = db().scalars(lists.made().limit(PER_PAGE)).all()
    return render_template(
        "packs/page.html",
        packs=db().scalars(rows).all(),
        cursor=cursor,
        made=made,
        problem=problem,
        kinds=list(Kind),
    )


@blueprint.post("/packs")
@needs(*APPLIERS)
def bring() -> Page:
    """A pack from a stick; one that is refused leaves the page as it was, with the reason."""
    brought = request.files.get("file")
    if brought is None or not brought.filename:
        return _list(_("请先选择资料包文件。")), 422
    try:
        number = _received(brought)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _list(sentence), 422
    return redirect(url_for("packs.pack", number=number))


def _received(brought: FileStorage) -> int:
    settings = parts().settings
    with _saved(brought) as path:
        return receiving.receive(
            db(),
            path,
            name=Path(brought.filename or "").name,
            by=me(),
            folder=settings.data_dir,
            own=own_key(settings.data_dir).public,
        ).id


@contextmanager
def _saved(brought: FileStorage) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=parts().settings.data_dir, prefix=".brought-") as folder:
        path = Path(folder) / "pack"
        brought.save(path)
        yield path


# ── one pack ─────────────────────────────────────────────────────────────────────────────────────


def _pack(number: int) -> Pack:
    return db().get(Pack, number) or abort(404)


@blueprint.get("/packs/<int:number>")
@needs(*APPLIERS, Permission.TRUST_SENDERS)
def pack(number: int) -> str:
    return pack_page(_pack(number), _narrowed())


def _narrowed() -> Narrowed:
    given = request.args
    return Narrowed(
        text=given.get("q", "").strip()[:100],
        kind=_one_of(Kind, given.get("kind")),
        standing=_one_of(Standing, given.get("standing")),
        fate=_one_of(Fate, given.get("fate")),
    )


def _one_of(kind: type[Closed], given: str | None) -> Closed | None:
    return kind(given) if given in set(kind) else None


def _back(row: Pack) -> Response | str:
    """The page anew, or the part of it that was asked for."""
    if is_fragment():
        return pack_page(row, _narrowed(), fragment=True)
    return redirect(url_for("packs.pack", number=row.id, **asked()))


@blueprint.post("/packs/<int:number>/trust")
@needs(Permission.TRUST_SENDERS)
def trust(number: int) -> Page:
    row, form = _pack(number), request.form
    try:
        applying.trust(
            db(),
            row,
            name=form.get("name", ""),
            typed=form.get("fingerprint", ""),
            by=me(),
            folder=parts().settings.data_dir,
        )
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return pack_page(_pack(number), _narrowed(), problem=sentence, given=form), 422
    flash(_("已信任 %(name)s。", name=form.get("name", "")), "success")
    return _back(row)


@blueprint.post("/packs/<int:number>/items/<int:item>/choose")
@needs(*APPLIERS)
def choose(number: int, item: int) -> Page:
    row = _pack(number)
    choice = _one_of(Choice, request.form.get("choice")) or abort(404)
    applying.choose(db(), row, _item(row, item), choice, by=me())
    return _back(row)


@blueprint.post("/packs/<int:number>/choose")
@needs(*APPLIERS)
def choose_all(number: int) -> Page:
    """The same choice for all that stand alike."""
    row = _pack(number)
    choice = _one_of(Choice, request.form.get("choice")) or abort(404)
    standing = _one_of(Standing, request.form.get("standing")) or abort(404)
    applying.choose_all(db(), row, standing, choice, by=me())
    return _back(row)


@blueprint.post("/packs/<int:number>/places")
@needs(*APPLIERS)
def places(number: int) -> Page:
    """Which of our systems, modules and units theirs are; then everything is compared again."""
    row = _pack(number)
    mapping: dict[str, dict[str, str]] = {}
    for name, ours in request.form.items():
        kind, colon, code = name.partition(":")
        if colon and kind in ("system", "module", "unit"):
            mapping.setdefault(kind, {})[code] = ours
    applying.compare_again(db(), row, by=me(), mapping=mapping, strict=bool(request.form.get("strict")))
    return _back(row)


@blueprint.post("/packs/<int:number>/again")
@needs(*APPLIERS)
def again(number: int) -> Page:
    row = _pack(number)
    applying.compare_again(db(), row, by=me())
    return _back(row)


@blueprint.post("/packs/<int:number>/on")
@needs(*APPLIERS)
def on(number: int) -> Page:
    """The next part; the page asks while it shows the progress."""
    row = _pack(number)
    carry_on(db(), row, Bench.of(parts().settings))
    return _back(row)


@blueprint.post("/packs/<int:number>/apply")
@needs(*APPLIERS)
def apply(number: int) -> Page:
    row = _pack(number)
    applying.apply(db(), row, by=me(), publish=bool(request.form.get("publish")))
    return _back(row)


@blueprint.post("/packs/<int:number>/undo")
@needs(*APPLIERS)
def undo(number: int) -> Page:
    row = _pack(number)
    applying.undo(db(), row, by=me())
    return _back(row)


@blueprint.post("/packs/<int:number>/discard")
@needs(*APPLIERS)
def discard(number: int) -> Response:
    row = _pack(number)
    receiving.discard(db(), row, by=me(), folder=parts().settings.data_dir)
    flash(_("已丢弃，这里什么也没有改。"), "success")
    return redirect(url_for("packs.page"))


@blueprint.get("/packs/<int:number>/items/<int:item>")
@needs(*APPLIERS)
def compared(number: int, item: int) -> str:
    """One item beside what is here, word by word."""
    row = _pack(number)
    return item_page(row, _item(row, item))


def _item(row: Pack, number: int) -> PackItem:
    found = db().get(PackItem, number)
    if found is None or found.pack_id != row.id:
        abort(404)
    return found
