"""The house of quality: its tabs, and why something was drawn in words. The pages stand beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from indexer.words import N_
from portal.catalogue.queries import system_names
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.quality.scoring import Mark
from portal.quality.telling import points
from portal.tickets.words import CATEGORY_LABELS, CHANNEL_LABELS
from portal.web.access import needs
from portal.web.labels import named, translated
from portal.web.request import db, me
from portal.web.rooms import Room, open_rooms

blueprint = Blueprint("quality", __name__)
P = Permission
PER_PAGE = 30


# fmt: off
ROOMS = (
    Room("quality.follow_ups",  N_("回访"),     "phone-outgoing"),
    Room("quality.inspections", N_("质检"),     "clipboard-check"),
    Room("quality.mine",        N_("我的质检"), "user-check"),
    Room("quality.results",     N_("统计结果"), "chart-dots"),
    Room("quality.rules",       N_("抽样规则"), "filter"),
    Room("quality.sheets",      N_("评分表"),   "list-check"),
)
# fmt: on


@blueprint.get("/quality")
@needs(P.FOLLOW_UP, P.INSPECT, P.READ_QUALITY, P.MANAGE_QUALITY)
def page() -> Response:
    """Where this person's work is."""
    tabs = open_rooms(ROOMS)
    own = next((tab for tab in tabs if tab.endpoint == "quality.inspections"), None)
    first = own if own is not None and me().may(P.INSPECT) else tabs[0]
    return redirect(url_for(first.endpoint))


@blueprint.app_template_global()
def quality_tabs() -> list[Room]:
    return open_rooms(ROOMS)


@blueprint.app_template_filter()
def score_points(tenths: int | None) -> str:
    """A total as people write it."""
    return "—" if tenths is None else points(tenths)


# ── why something was drawn ──────────────────────────────────────────────────────────────────────


def _names(labels: Mapping[Any, str], values: Any) -> str:
    return _("、").join(translated(labels[value]) if value in labels else str(value) for value in values)


def _systems(values: Any) -> str:
    known = system_names(db())
    return _("、").join(known.get(value, value) for value in values)


def _units(values: Any) -> str:
    known = {unit.code: named(unit) for unit in units_in_order(db())}
    return _("、").join(known.get(value, value) for value in values)


SPOKEN: dict[str, Callable[[Any], str]] = {
    "categories": lambda value: _("类别：%(names)s", names=_names(CATEGORY_LABELS, value)),
    "systems": lambda value: _("系统：%(names)s", names=_systems(value)),
    "units": lambda value: _("单位：%(names)s", names=_units(value)),
    "channels": lambda value: _("渠道：%(names)s", names=_names(CHANNEL_LABELS, value)),
    "rating_at_most": lambda value: _("用户评分不高于 %(n)s 分", n=value),
    "reopened": lambda _value: _("重新打开过"),
    "overdue": lambda _value: _("超过办结时限才答复"),
    "since": lambda _value: _("规则生效后办结"),
}


def spoken_conditions(conditions: Mapping[str, Any]) -> list[str]:
    """What a rule asks of a ticket, in the reader's words."""
    return [SPOKEN[name](value) for name, value in conditions.items() if name in SPOKEN]


@blueprint.app_template_global()
def why_drawn(why: Mapping[str, Any]) -> list[str]:
    """Why a ticket was drawn, as the rule stood then."""
    if not why:
        return []
    asked = spoken_conditions(why.get("conditions", {})) or [_("所有办结的工单")]
    if why["percentage"] >= 100:
        return [*asked, _("全部抽取")]
    return [
        *asked,
        _("比例 %(share)s：签号 %(lot)s 小于 %(share)s", share=why["percentage"], lot=why["lot"]),
    ]


@blueprint.app_template_filter()
def qa_named(labels: Mapping[Any, str]) -> list[tuple[str, str]]:
    """(value, name) of a table of names, for check boxes."""
    return [(str(value), translated(name)) for value, name in labels.items()]


@blueprint.app_template_filter()
def qa_coded(rows: Sequence[Any]) -> list[tuple[str, str]]:
    """(code, name) of systems or units, for check boxes."""
    return [(row.code, named(row)) for row in rows]


# ── marks in forms ───────────────────────────────────────────────────────────────────────────────


def marks_in(form: Mapping[str, str], keys: list[str]) -> dict[str, Mark]:
    """The marks that a scoring form carries; nonsense counts as not given."""
    return {key: _mark_in(form, key) for key in keys}


def _mark_in(form: Mapping[str, str], key: str) -> Mark:
    score = form.get(f"score-{key}", "")
    return Mark(
        score=int(score) if score in ("0", "1", "2", "3", "4", "5") else None,
        violated=form.get(f"veto-{key}") == "1",
        comment=form.get(f"comment-{key}", ""),
    )


def is_complete(form: Mapping[str, str], keys: list[str]) -> bool:
    """Was every item marked, if only as "does not apply"?"""
    return all(form.get(f"score-{key}") or form.get(f"veto-{key}") for key in keys)
