"""Whose packs are trusted: our own key to tell others, and the senders an administrator has compared."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.packs import senders, signing, ties
from portal.packs.models import PackSender
from portal.packs.signing import own_key
from portal.people.queries import people_by_id
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.packs import SEERS
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("pack_senders", __name__)
Page = Response | str | tuple[str, int]


@blueprint.get("/packs/senders")
@needs(*SEERS)
def page() -> str:
    return _page()


def _page(problem: str = "") -> str:
    rows = db().scalars(senders.senders()).all()
    own = own_key(parts().settings.data_dir)
    return render_template(
        "packs/senders.html",
        senders=rows,
        people=people_by_id(db(), [row.added_by_id for row in rows]),
        public_key=signing.spelled(own.public),
        fingerprint=signing.fingerprint(own.public),
        desk=ties.this_desk(db()).desk,
        problem=problem,
        given=request.form,
    )


@blueprint.post("/packs/senders")
@needs(Permission.TRUST_SENDERS)
def trust() -> Page:
    form = request.form
    try:
        public = signing.key_from(form.get("public_key", ""))
        typed = form.get("fingerprint", "")
        sender = senders.trust(db(), public, name=form.get("name", ""), typed=typed, by=me())
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _page(sentence), 422
    flash(_("已信任 %(name)s。", name=sender.name), "success")
    return redirect(url_for("pack_senders.page"))


@blueprint.post("/packs/senders/<int:number>/distrust")
@needs(Permission.TRUST_SENDERS)
def distrust(number: int) -> Response:
    sender = db().get(PackSender, number)
    if sender is None:
        abort(404)
    senders.distrust(db(), sender, by=me())
    flash(_("已不再信任 %(name)s；已经接收的内容不变。", name=sender.name), "success")
    return redirect(url_for("pack_senders.page"))
