"""Correcting and taking back one's own comments, wherever written. The rule is ``tickets.amending``."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort, flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.tickets import amending
from portal.tickets.models import Comment
from portal.web.access import signed_in
from portal.web.links import ticket_address
from portal.web.request import db, me, parts

blueprint = Blueprint("remarks", __name__)


def _own(id: int) -> Comment:
    """One's own comment; anybody else's isn't there."""
    comment = db().get(Comment, id)
    if comment is None or comment.by_id != me().id:
        abort(404)
    return comment


def _minutes() -> int:
    return parts().settings.comment_minutes


def amendable(comments: Iterable[Comment]) -> dict[int, Comment]:
    """Which of these I may still correct or take back, by their ids."""
    return {
        row.id: row
        for row in comments
        if row.by_id == me().id and amending.may_amend(db(), row, me(), minutes=_minutes())
    }


@blueprint.post("/comments/<int:id>/edit")
@signed_in
def edit(id: int) -> Response:
    comment = _own(id)
    amending.edit_comment(db(), comment, request.form.get("text", ""), by=me(), minutes=_minutes())
    flash(_("留言已修改。"), "success")
    return redirect(ticket_address(comment.ticket, me()))


@blueprint.post("/comments/<int:id>/withdraw")
@signed_in
def withdraw(id: int) -> Response:
    comment = _own(id)
    amending.withdraw_comment(db(), comment, by=me(), minutes=_minutes())
    flash(_("留言已撤回。"), "success")
    return redirect(ticket_address(comment.ticket, me()))
