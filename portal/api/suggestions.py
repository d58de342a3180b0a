"""Suggestions while typing, their outcome, completion and search."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask.views import MethodView

from portal.api import callers, schemas
from portal.api.arguments import Blueprint
from portal.api.paging import after, cursor_of
from portal.finder import suggest
from portal.finder.holdout import terms_of
from portal.finder.meant import did_you_mean
from portal.finder.period import of_days
from portal.finder.typeahead import complete
from portal.people.queries import unit_by_code
from portal.web.access import signed_in
from portal.web.in_vain import note_search
from portal.web.request import db, me, only_asks, parts, write_now

blueprint = Blueprint("api_suggestions", __name__, description="What already answers a question")
blueprint.before_request(callers.check_call)

MOST_OFFSET = 1000
FILTERS = ("system", "module", "state", "category", "language")


@blueprint.route("/suggestions")
class Suggestions(MethodView):
    decorators = [only_asks]  # noqa: RUF012 - Flask's own convention

    @signed_in
    @blueprint.arguments(schemas.SuggestIn)
    @blueprint.response(200, schemas.SuggestionsOut)
    def post(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Articles, known defects and live announcements that may answer a text."""
        category = asked["category"].value if asked["category"] else None
        terms = terms_of(db(), parts().settings, me(), token=asked["session"])
        everything = parts().finder.suggest(
            db(),
            me(),
            asked["text"],
            system=asked["system"],
            category=category,
            limit=asked["limit"],
            unit=unit_by_code(db(), asked["unit"]) if asked["unit"] else None,
        )
        terms, found = terms.over(everything, system=asked["system"])
        consultation = suggest.refresh(
            write_now(),
            found,
            by=me(),
            text=asked["text"],
            system=asked["system"],
            place="api",
            token=asked["session"],
            terms=terms,
        )
        return {
            "mode": found.mode,
            "calibration": found,
            "trusted": found.trusted,
            "items": found.results,
            "announcements": found.announcements,
            "session": consultation.token,
            "held_back": terms.holds_back,
        }


@blueprint.route("/suggestions/<string:session>/outcome")
class Outcome(MethodView):
    @signed_in
    @blueprint.arguments(schemas.OutcomeIn)
    @blueprint.response(204)
    def post(self, given: dict[str, Any], session: str) -> None:
        """“That solved it” with the answer that did, or that none of them did."""
        if suggest.consultation_of(db(), session, by=me()) is None:
            abort(404)
        solved = given["solved_by"]
        if solved is None:
            return
        kind, number = str(solved.get("kind", "")), solved.get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            abort(422)
        if suggest.solved_by(db(), session, by=me(), kind=kind, id=number) is None:
            abort(404)


@blueprint.route("/search")
class Search(MethodView):
    @signed_in
    @blueprint.arguments(schemas.SearchIn, location="query")
    @blueprint.response(200, schemas.SearchOut)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Everything this person may see that matches, with facets over it."""
        offset = after(asked["cursor"]) if asked["cursor"] else 0
        if offset > MOST_OFFSET:
            abort(400)
        found = parts().finder.search(
            db(),
            me(),
            asked["q"],
            kinds=asked["kind"],
            filters={name: asked[name] for name in FILTERS if asked[name]},
            period=of_days(asked["since"], asked["until"], parts().settings.zone),
            limit=asked["limit"],
            offset=offset,
        )
        if not offset and not _is_narrowed(asked):
            note_search(asked["q"], trusted=found.trusted or bool(found.announcements), mode=found.mode)
        end = offset + len(found.results)
        return {
            "mode": found.mode,
            "calibration": found,
            "trusted": found.trusted,
            "total": found.total,
            "did_you_mean": None
            if offset
            else did_you_mean(db(), me(), parts().finder.index, asked["q"]) or None,
            "items": found.results,
            "facets": found.facets,
            "announcements": found.announcements,
            "next_cursor": cursor_of(end) if end < found.total else None,
        }


def _is_narrowed(asked: dict[str, Any]) -> bool:
    """Did the caller ask for a part of everything? Then finding nothing says little."""
    return any(asked[name] for name in ("kind", "since", "until", *FILTERS))


@blueprint.route("/typeahead")
class Typeahead(MethodView):
    @signed_in
    @blueprint.arguments(schemas.TypeaheadIn, location="query")
    @blueprint.response(200, schemas.TypeaheadOut)
    def get(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What is being typed may become these titles, own questions or systems: by letter, code, pinyin."""
        return {"items": complete(db(), me(), parts().finder.index, asked["q"], limit=asked["limit"])}
