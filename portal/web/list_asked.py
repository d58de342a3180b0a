"""What the address of a list of tickets asks for: a saved view, what was narrowed beyond it, columns.

Every filter is an argument of the address, so that a figure elsewhere opens exactly its tickets. Over a
view, the arguments that the address names count, also when they are empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, abort, request, url_for
from werkzeug.datastructures import MultiDict

from kb.columns import now
from portal.people.roles import Permission
from portal.tickets.flow import WORKERS
from portal.tickets.selection import Filter, Tab
from portal.tickets.views import asking, habits, shelf
from portal.tickets.views.columns import Column
from portal.tickets.views.models import SavedView
from portal.web.request import db, me, parts

blueprint = Blueprint("queues", __name__)
READERS = (Permission.READ_TICKETS, Permission.READ_ALL_TICKETS)
QUEUE = re.compile(r"/queues(\?[^\x00-\x1f\\]*)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be shown: ``arguments`` are everything asked for, the view's included."""

    wanted: Filter
    arguments: dict[str, str]
    view: SavedView | None
    views: list[SavedView]

    @property
    def is_changed(self) -> bool:
        """Does the screen show something else than the view remembers?"""
        return self.view is not None and self.arguments != asking.kept(self.view.arguments, today())

    @property
    def address(self) -> dict[str, str]:
        """The arguments of this list's own address."""
        number = {"view": str(self.view.id)} if self.view else {}
        remembered = self.view.arguments if self.view else {}
        dropped = {name: "" for name in remembered if name not in self.arguments}
        changed = {name: text for name, text in self.arguments.items() if remembered.get(name) != text}
        return {**number, **dropped, **changed}

    def columns(self) -> tuple[Column, ...]:
        return habits.columns_for(db(), me(), self.view)


def today() -> asking.Today:
    zone = parts().settings.zone
    return asking.Today(now(db()).astimezone(zone).date(), zone)


def asked_here() -> Asked:
    """What the address asks for; without any argument, what this person begins with."""
    views = shelf.views_of(db(), me())
    named = {name for name in request.args if name in asking.NAMES or name == "view"}
    view = _view_named(views) if named else habits.opening_view(db(), me(), views)
    given = latest(request.args)
    arguments = asking.kept({**(view.arguments if view else {}), **given}, today())
    wanted = asking.asked(arguments, today())
    if not named and view is None:
        wanted = replace(wanted, tab=own_pile())
    return Asked(wanted, arguments, view, views)


def _view_named(views: list[SavedView]) -> SavedView | None:
    number = request.values.get("view", "")
    if not number:
        return None
    view = next((row for row in views if str(row.id) == number), None)
    return view or abort(404)


def latest(values: MultiDict[str, str]) -> dict[str, str]:
    """Of each argument the last value: a hidden empty one stands before every tick box."""
    return {name: texts[-1] for name, texts in values.lists() if name in asking.NAMES}


def asked_by_form() -> Filter:
    """The filter that a form carries along; the page has put a view's arguments into it."""
    return asking.asked(latest(request.form), today())


def arguments_of_form() -> dict[str, str]:
    return asking.kept(latest(request.form), today())


def own_pile() -> Tab:
    return Tab.MINE if works_a_tier() else Tab.SERVED


def works_a_tier() -> bool:
    """Has this person a post that takes tickets?"""
    return bool(me().permissions & set(WORKERS.values()))


def back() -> str:
    """The list that a form came from; nowhere else."""
    given = request.form.get("back", "").rstrip("?")
    return given if QUEUE.fullmatch(given) else url_for("queues.page")


def turned_to(arguments: Mapping[str, str], **more: str) -> str:
    """The list's address with something else in it; an empty value takes an argument out."""
    asked: dict[str, Any] = {**arguments, **more}
    return url_for("queues.page", **asked)
