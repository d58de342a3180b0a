"""Service levels and working calendars in force now; they are laid down on the pages of administration."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView

from kb.columns import now
from portal.api import callers
from portal.api.arguments import Blueprint
from portal.api.schemas.levels import CalendarOut, LevelOut, LevelsIn
from portal.catalogue.models import System
from portal.catalogue.queries import system_by_code
from portal.people.queries import unit_by_code
from portal.tickets.levels.book import Book, book_of
from portal.tickets.service_levels import VISITED, tier_minutes
from portal.tickets.words import PRIORITY_LABELS, Category
from portal.tickets.working_calendar import KNOWN_YEARS, Hours
from portal.web.access import signed_in
from portal.web.request import db

blueprint = Blueprint("api_levels", __name__, description="Service levels and working calendars")
blueprint.before_request(callers.check_call)


@blueprint.route("/catalogue/levels")
class Levels(MethodView):
    @signed_in
    @blueprint.arguments(LevelsIn, location="query")
    @blueprint.response(200, LevelOut(many=True))
    def get(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """What is allowed for every category and priority, for all systems or as one system has it."""
        system = system_by_code(db(), asked.get("system"))
        if asked.get("system") and system is None:
            abort(404)
        book = book_of(db())
        return [_level(book, kind, priority, system) for kind in Category for priority in PRIORITY_LABELS]


def _level(book: Book, category: Category, priority: int, system: System | None) -> dict[str, Any]:
    number, at = system.id if system else None, now(db())
    level = book.level(category, priority, system_id=number, at=at)
    version = book.level_version(category, priority, system_id=number, at=at)
    return {
        "category": category.value,
        "priority": priority,
        "system": system.code if system and version and version.system_id else None,
        "respond": level.respond,
        "tiers": {tier.value: tier_minutes(level, tier) for tier in VISITED},
        "close": level.close,
        "warn": level.warn,
        "round_the_clock": level.round_the_clock,
        "since": version.since if version else None,
    }


@blueprint.route("/catalogue/units/<code>/calendar")
class UnitCalendar(MethodView):
    @signed_in
    @blueprint.response(200, CalendarOut)
    def get(self, code: str) -> dict[str, Any]:
        """The working calendar of a unit, put together from what it and the units above it say."""
        unit = unit_by_code(db(), code)
        if unit is None:
            abort(404)
        calendar = book_of(db()).calendar(unit.ancestry, now(db()))
        return {
            "unit": unit.code,
            "zone": calendar.zone,
            "holidays": calendar.holidays.value,
            "week": [_clocks(hours) for hours in calendar.week],
            "exceptions": [{"day": day, "hours": _clocks(hours)} for day, hours in calendar.exceptions],
            "known_years": list(KNOWN_YEARS),
        }


def _clocks(hours: Hours) -> list[list[str]]:
    return [[f"{minutes // 60:02d}:{minutes % 60:02d}" for minutes in span] for span in hours]
