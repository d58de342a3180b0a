"""How I want to be told: the page of wishes, and who is told what, drawn from the table.

Sending is the worker's; what may be chosen is ``portal.tickets.telling``.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from indexer.words import N_
from kb.flow import Refused
from portal.people.models import Person
from portal.tickets.notices import TABLE, Event, Listener, Row
from portal.tickets.notices_document import EXAMPLES, LISTENER_LABELS, LISTENERS_BESIDES, Examples
from portal.tickets.telling.groups import GROUPS, WAY_LABELS, About, Group, Way
from portal.tickets.telling.wishes import HOURS, Hours, Wishes, choose, wishes_of
from portal.web.access import signed_in
from portal.web.labels import translated
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("notice_wishes", __name__)

#: Beside what is told to whoever filed a ticket.
CONCERNING_USERS = frozenset({Event.RECOVERED, Event.NO_FAULT}) | {
    row.event for row in TABLE.values() if row.group == Group.FOLLOWED
}
PORTAL_WAYS = {"": N_("计数并弹出"), "muted": N_("只进列表")}


@blueprint.get("/account/notices")
@signed_in
def page() -> str:
    return _page(wishes_of(db(), [me()])[me().id])


@blueprint.post("/account/notices")
@signed_in
def save() -> Response | tuple[str, int]:
    former = wishes_of(db(), [me()])[me().id]
    try:
        wishes = _asked(former)
        choose(db(), me(), wishes)
    except Refused as refusal:
        db().rollback()
        return _page(former, sentence_of(refusal)), 422
    flash(_("已保存，从下一条通知起生效。"), "success")
    return redirect(url_for("notice_wishes.page"))


@blueprint.get("/notices/who")
@signed_in
def who() -> str:
    """Who is told what, as the table has it; employees read what concerns them."""
    rows: dict[Group, list[Row]] = {}
    for row in TABLE.values():
        if me().is_staff or _concerns_users(row):
            rows.setdefault(row.group, []).append(row)
    return render_template(
        "notices/who.html",
        groups=[(group, about, rows.get(group, [])) for group, about in _groups(me()) if rows.get(group)],
        listeners=_listeners,
        example=_example,
        default=lambda about: WAY_LABELS[about.staff if me().is_staff else about.employee],
        mail=bool(parts().settings.smtp_host),
    )


def _concerns_users(row: Row) -> bool:
    return Listener.REQUESTER in row.listeners or row.event in CONCERNING_USERS


def _page(wishes: Wishes, problem: str = "") -> str:
    return render_template(
        "notices/wishes.html",
        groups=_groups(me()),
        wishes=wishes,
        ways=WAY_LABELS,
        portal_ways=PORTAL_WAYS,
        hours=HOURS,
        mail=bool(parts().settings.smtp_host),
        problem=problem,
    )


def _groups(person: Person) -> list[tuple[Group, About]]:
    return [(group, about) for group, about in GROUPS.items() if person.is_staff or not about.staff_only]


def _asked(former: Wishes) -> Wishes:
    """What the form says; what it doesn't name stays as it was."""
    mail = dict(former.mail)
    muted = set(former.muted)
    for group, about in _groups(me()):
        chosen = request.form.get(f"mail-{group}", "")
        if chosen in set(Way):
            mail[group] = Way(chosen)
        if not about.must and f"portal-{group}" in request.form:
            muted.discard(group)
            muted |= {group} if request.form[f"portal-{group}"] == "muted" else set()
    return Wishes(mail, frozenset(muted), _hours(former.hours))


def _hours(former: Hours) -> Hours:
    digest = _hour("digest")
    begin, end = _hour("quiet-from"), _hour("quiet-to")
    if (begin is None) != (end is None):
        raise Refused(N_("免打扰要选开始和结束两个钟点；不需要免打扰就都不选。"))
    quiet = (begin, end) if begin is not None and end is not None else None
    return Hours(former.digest if digest is None else digest, quiet)


def _hour(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 3 else None


def _listeners(row: Row) -> str:
    besides = LISTENERS_BESIDES.get(row.event)
    names = [translated(LISTENER_LABELS[listener]) for listener in row.listeners]
    return _("、").join([*names, *([translated(besides)] if besides else [])])


def _example(row: Row) -> str:
    """The sentence with a word in place of each value."""
    return _(row.sentence) % Examples({name: _(word) for name, word in EXAMPLES.items()})
