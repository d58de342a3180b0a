"""Sampling rules (抽样规则) for those who write them: the list, one rule, why a ticket was drawn or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.catalogue.queries import systems_in_order
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.quality import rules as verbs
from portal.quality.models import SamplingRule
from portal.quality.rules import RuleText
from portal.quality.sampling import Explanation, explain
from portal.quality.words import KIND_LABELS, PER_LABELS, Kind, Per
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets
from portal.tickets.words import CATEGORY_LABELS, CHANNEL_LABELS
from portal.web.access import needs
from portal.web.quality_pages import blueprint, spoken_conditions
from portal.web.refusals import sentence_of
from portal.web.request import db, me

__all__ = ["blueprint"]

MANAGE = Permission.MANAGE_QUALITY
NAMED = ("categories", "systems", "units", "channels", "rating_at_most", "reopened", "overdue")
NEW = {"percentage": 10, "per": Per.AGENT, "tries": 3, "kind": Kind.FOLLOW_UP}


@blueprint.get("/quality/rules")
@needs(MANAGE)
def rules() -> str:
    """Every rule, in the order in which they are asked; a ticket may be tried against them."""
    number = request.args.get("ticket", "").strip()[:24].replace("\x00", "")
    every = verbs.every_rule(db())
    return render_template(
        "quality/rules.html",
        here="quality.rules",
        groups=[(kind, KIND_LABELS[kind], [rule for rule in every if rule.kind == kind]) for kind in Kind],
        drawn=verbs.drawn_by(db()),
        conditions={rule.id: conditions_of(rule) for rule in every},
        per_names=PER_LABELS,
        asked=number,
        told=_explained(number) if number else None,
    )


def conditions_of(rule: SamplingRule) -> list[str]:
    """What the rule asks, in words."""
    asked = {name: value for name in NAMED if (value := getattr(rule, name)) not in (None, [], False)}
    return spoken_conditions(asked) or [_("所有办结的工单")]


def _explained(number: str) -> list[tuple[str, Explanation, list[tuple[Any, list[str]]]]]:
    """What every rule says of a ticket that this person may see."""
    ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number.upper()))
    if ticket is None:
        return []
    found = [(KIND_LABELS[kind], explain(db(), kind, ticket)) for kind in Kind]
    return [
        (name, told, [(one, _missed(one.rule, one.missed)) for one in told.findings]) for name, told in found
    ]


def _missed(rule: SamplingRule, names: Sequence[str]) -> list[str]:
    return spoken_conditions({name: getattr(rule, name) for name in names})


@blueprint.route("/quality/rules/new", methods=["GET", "POST"])
@needs(MANAGE)
def new_rule() -> Response | str | tuple[str, int]:
    return _rule(None)


@blueprint.route("/quality/rules/<int:number>", methods=["GET", "POST"])
@needs(MANAGE)
def rule(number: int) -> Response | str | tuple[str, int]:
    return _rule(_known(number))


def _known(number: int) -> SamplingRule:
    row = db().get(SamplingRule, number)
    if row is None:
        abort(404)
    return row


def _rule(row: SamplingRule | None) -> Response | str | tuple[str, int]:
    if request.method == "GET":
        return _form(row, _stored(row))
    number = row.id if row is not None else 0
    text = _typed(row)
    try:
        saved = verbs.save(db(), row, text, by=me())
    except Refused as refusal:
        db().rollback()
        kept = _known(number) if number else None
        return _form(kept, asdict(text), problem=sentence_of(refusal)), 422
    flash(_("规则“%(name)s”已保存。", name=saved.name), "success")
    return redirect(url_for("quality.rules"))


def _form(row: SamplingRule | None, values: dict[str, Any], *, problem: str = "") -> str:
    return render_template(
        "quality/rule.html",
        here="quality.rules",
        row=row,
        values=values,
        problem=problem,
        kinds=KIND_LABELS,
        pers=PER_LABELS,
        categories=CATEGORY_LABELS,
        channels=CHANNEL_LABELS,
        systems=systems_in_order(db(), active_only=False),
        units=units_in_order(db()),
    )


def _stored(row: SamplingRule | None) -> dict[str, Any]:
    names = RuleText.__dataclass_fields__
    return {name: getattr(row, name) for name in names} if row is not None else dict(NEW)


def _typed(row: SamplingRule | None) -> RuleText:
    """What was typed; a rule's purpose is chosen once."""
    given = request.form
    kind, per = given.get("kind", ""), given.get("per", "")
    if row is None and kind not in set(Kind):
        abort(400)
    return RuleText(
        kind=row.kind if row is not None else Kind(kind),
        name=given.get("name", "").replace("\x00", ""),
        percentage=_number("percentage") or 0,
        categories=tuple(given.getlist("categories")),
        systems=tuple(given.getlist("systems")),
        units=tuple(given.getlist("units")),
        channels=tuple(given.getlist("channels")),
        rating_at_most=_number("rating_at_most"),
        reopened=given.get("reopened") == "1",
        overdue=given.get("overdue") == "1",
        at_most=_number("at_most"),
        per=Per(per) if per in set(Per) else Per.AGENT,
        tries=_number("tries") or 3,
    )


def _number(name: str) -> int | None:
    """A whole number; nothing typed is none, nonsense is one that will be refused."""
    text = request.form.get(name, "").strip()
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 6 else -1


@blueprint.post("/quality/rules/<int:number>/active")
@needs(MANAGE)
def switch_rule(number: int) -> Response:
    """Into force or out of it."""
    row = _known(number)
    verbs.set_active(db(), row, request.form.get("active") == "1", by=me())
    flash(_("规则已启用，从现在起办结的工单会被抽取。") if row.active else _("规则已停用。"), "success")
    return redirect(url_for("quality.rules"))
