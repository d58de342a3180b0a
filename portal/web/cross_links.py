"""Markdown for whoever is looking: cross-links show the titles that this person may see.

What a number leads to is asked once a request. Not here: rendering (``kb.markdown``) and who may see what
(``defects.cross_links``).
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import g, has_request_context
from flask_babel import gettext
from markupsafe import Markup

from defects.cross_links import targets_for
from kb.links.references import Target, numbers_in
from kb.markdown import plain, render
from portal.people.duties import article_duties
from portal.web.request import db, person_or_none, viewer


def rendered(text: str) -> Markup:
    """Markdown to safe HTML, for the person who is looking."""
    return render(text, _targets(text))


def spoken(text: str) -> str:
    """Markdown to plain text, for the person who is looking."""
    return plain(text, _targets(text))


def look_up(*texts: str) -> None:
    """Ask for the cross-links of several texts at once, before a page shows them one by one."""
    known: dict[str, Target | None] = g.setdefault("cross_links", {})
    numbers = [number for number in numbers_in(*texts) if number not in known]
    if not numbers:
        return
    found = targets_for(
        db(),
        [f"[[{number}]]" for number in numbers],
        viewer(),
        editing=bool(article_duties(person_or_none())),
        say=gettext,
    )
    known.update({number: found.get(number) for number in numbers})


def _targets(text: str) -> Mapping[str, Target]:
    if "[[" not in text or not has_request_context():
        return {}
    look_up(text)
    return {number: target for number, target in g.cross_links.items() if target is not None}
