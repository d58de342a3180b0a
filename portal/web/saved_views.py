"""Saved views as a person keeps them: saving what is on the screen, renaming, sharing, columns, undo.

A shared view brings nobody more tickets than their own posts serve; see ``portal.tickets.views.shelf``.
"""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.people.models import Unit
from portal.people.roles import POST_LABELS, Permission, Post
from portal.tickets.views import asking, habits, shelf
from portal.tickets.views.models import SavedView
from portal.web.access import needs
from portal.web.addresses import key_in
from portal.web.list_asked import READERS, arguments_of_form, back, blueprint, today, turned_to
from portal.web.refusals import sentence_of
from portal.web.request import db, me


def chosen_view(number: int) -> SavedView:
    """A view that this person may choose; 404 otherwise."""
    return shelf.view_for(db(), me(), number) or abort(404)


@blueprint.get("/queues/views")
@needs(*READERS)
def views() -> str:
    """All of them, with what can be done to each."""
    rows = shelf.views_of(db(), me())
    filters = {view.id: asking.asked(view.arguments, today()) for view in rows}
    opening = habits.opening_view(db(), me(), rows)
    return render_template(
        "queues/views.html",
        views=rows,
        counts=habits.counts(db(), me(), filters),
        opening=opening.id if opening else None,
        removed=shelf.removed_of(db(), me()),
        may_share=shelf.may_share(me()),
        may_remove={view.id for view in rows if shelf.may_remove(me(), view)},
        posts=POST_LABELS,
        units=_units() if shelf.may_share(me()) else [],
        everywhere=shelf.reach_of(me()) is None,
        limit=shelf.NAME_LIMIT,
    )


def _units() -> list[Unit]:
    """Where this lead may share."""
    reach = shelf.reach_of(me())
    units = db().scalars(select(Unit).where(Unit.active).order_by(Unit.path))
    return [row for row in units if reach is None or any(row.path.startswith(top.path) for top in reach)]


@blueprint.post("/queues/views")
@needs(*READERS)
def save_view() -> Response:
    """Keep what is on the screen under a name."""
    name = request.form.get("name", "")
    try:
        view = shelf.save(
            db(), me(), name=name, arguments=arguments_of_form(), columns=request.form.getlist("column")
        )
    except Refused as refusal:
        db().rollback()
        flash(sentence_of(refusal), "danger")
        return redirect(_with_name(back(), name))
    flash(_("已保存视图“%(name)s”。", name=view.name), "success")
    return redirect(turned_to({"view": str(view.id)}))


def _with_name(address: str, name: str) -> str:
    """Back to the list, with the name that was typed still in its field."""
    kept = url_for("queues.page", save_as=name[: shelf.NAME_LIMIT + 1] or " ").split("?", 1)[1]
    return f"{address}{'&' if '?' in address else '?'}{kept}"


@blueprint.post("/queues/views/<int:number>/rewrite")
@needs(*READERS)
def rewrite_view(number: int) -> Response:
    """What is on the screen becomes the view."""
    view = chosen_view(number)
    shelf.rewrite(db(), view, by=me(), arguments=arguments_of_form(), columns=request.form.getlist("column"))
    flash(_("已更新视图“%(name)s”。", name=view.name), "success")
    return redirect(turned_to({"view": str(view.id)}))


@blueprint.post("/queues/views/<int:number>/rename")
@needs(*READERS)
def rename_view(number: int) -> Response:
    view = chosen_view(number)
    shelf.rename(db(), view, request.form.get("name", ""), by=me())
    flash(_("已改名为“%(name)s”。", name=view.name), "success")
    return redirect(url_for("queues.views"))


@blueprint.post("/queues/views/<int:number>/share")
@needs(Permission.REASSIGN)
def share_view(number: int) -> Response:
    view = chosen_view(number)
    post, unit = request.form.get("post", ""), request.form.get("unit", "")
    shelf.share(
        db(),
        view,
        by=me(),
        post=Post(post) if post in set(Post) else None,
        unit=db().scalar(select(Unit).where(Unit.code == unit)) if unit else None,
        opens=bool(request.form.get("opens")),
    )
    flash(_("已共享视图“%(name)s”；每个人只看到自己岗位负责的工单。", name=view.name), "success")
    return redirect(url_for("queues.views"))


@blueprint.post("/queues/views/<int:number>/private")
@needs(*READERS)
def keep_view_private(number: int) -> Response:
    view = chosen_view(number)
    shelf.keep_private(db(), view, by=me())
    flash(_("视图“%(name)s”不再共享。", name=view.name), "success")
    return redirect(url_for("queues.views"))


@blueprint.post("/queues/views/<int:number>/begin")
@needs(*READERS)
def begin_with_view(number: int) -> Response:
    """Open this one first from now on; the one that opens already: no longer."""
    view = chosen_view(number)
    habits.begin_with(db(), me(), view if request.form.get("on") else None)
    return redirect(url_for("queues.views"))


@blueprint.post("/queues/views/<int:number>/remove")
@needs(*READERS)
def remove_view(number: int) -> Response:
    view = chosen_view(number)
    shelf.remove(db(), view, by=me())
    flash(_("已删除视图“%(name)s”，半小时内可以恢复。", name=view.name), "success")
    return redirect(url_for("queues.views"))


@blueprint.post("/queues/views/<int:number>/restore")
@needs(*READERS)
def restore_view(number: int) -> Response:
    view = shelf.restore(db(), number, by=me())
    flash(_("已恢复视图“%(name)s”。", name=view.name), "success")
    return redirect(url_for("queues.views"))


@blueprint.post("/queues/columns")
@needs(*READERS)
def choose_columns() -> Response:
    """Remember this person's columns, for a view or for every other list."""
    number = request.form.get("view", type=key_in)
    view = chosen_view(number) if number is not None else None
    names = [] if request.form.get("usual") else request.form.getlist("column")
    habits.choose_columns(db(), me(), view, names)
    return redirect(back())
