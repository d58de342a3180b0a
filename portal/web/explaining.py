"""Why are these the results? One search told stage by stage, for those who shape what is found.

They see it with their own eyes: nothing is named here that their own search may not show. The invariant: a
number that they may not see is answered like one that doesn't exist.
"""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask_babel import gettext as _

from portal.finder.explanation import Account, Explanation, difference, explained
from portal.finder.fates import FATES, FEATURES, STAGES
from portal.finder.numbers import by_number
from portal.finder.sources import SOURCES
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.links import address_of
from portal.web.narrowing import Asked, asked_of_request
from portal.web.request import db, me, parts

blueprint = Blueprint("explaining", __name__)

TOLD = 10
WEIGHTIEST = 5


@blueprint.get("/search/why")
@needs(Permission.PUBLISH_ARTICLES, Permission.CURATE_DEFECTS, Permission.MANAGE_CATALOGUE)
def page() -> str:
    asked, number = asked_of_request(), request.args.get("about", "").strip()
    told = _explained(asked, number) if asked.text else None
    if told is not None and number and not told.asked_about:
        flash(_("没有您能看到的编号 %(number)s。", number=number), "warning")
    return render_template(
        "search/why.html",
        asked=asked,
        number=number,
        told=told,
        winner=told.shown[0] if told and told.shown else None,
        stages=STAGES,
        fates=FATES,
        features=FEATURES,
        weighty=_weighty,
        difference=difference,
        href=_href,
    )


def _explained(asked: Asked, number: str) -> Explanation:
    about = by_number(db(), me(), number, kinds=SOURCES)
    return explained(
        parts().finder.index,
        db(),
        me(),
        asked.text,
        kinds=[asked.kind] if asked.kind else (),
        filters=asked.filters,
        period=asked.period,
        limit=TOLD,
        about=list(about),
    )


def _weighty(account: Account) -> list[tuple[str, float]]:
    """The features that moved the probability most."""
    found = sorted(account.contributions.items(), key=lambda pair: -abs(pair[1]))
    return found[:WEIGHTIEST]


def _href(account: Account) -> str:
    return address_of(account.key[0], {"id": account.key[1], "ref": account.ref}, me())
