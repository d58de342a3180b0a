"""Making a pack on a page: what it is to hold, how much that is, and the file to take away."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response
from wtforms import DateField, RadioField, SelectMultipleField
from wtforms.validators import InputRequired, Optional

from kb.counting import count_of
from kb.flow import Refused
from portal.catalogue.queries import systems_in_order
from portal.packs import making, wishes
from portal.packs.signing import own_key
from portal.packs.wishes import Wish
from portal.packs.words import KIND_LABELS, Kind
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.forms import Form
from portal.web.labels import named, translated
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("pack_making", __name__)
Page = Response | str | tuple[str, int]


class MakingForm(Form):
    kinds = SelectMultipleField(_l("带哪些内容"), validators=[InputRequired(_l("请至少选一类内容。"))])
    systems = SelectMultipleField(_l("只带这些系统的"))
    since = DateField(_l("只带这一天以来改过的"), validators=[Optional()])
    audience = RadioField(_l("带到哪一类读者"), default="staff")

    def wish(self) -> Wish:
        since = self.since.data
        return Wish(
            kinds=wishes.kinds_of(self.kinds.data or []),
            systems=frozenset(self.systems.data or []),
            since=since if isinstance(since, date) else None,
            audience=wishes.audience_upto(str(self.audience.data)),
            viewer=viewer_of(me()),
        )


def _form() -> MakingForm:
    form = MakingForm()
    form.kinds.choices = [(kind.value, translated(KIND_LABELS[kind])) for kind in Kind]
    form.systems.choices = [(row.code, named(row)) for row in systems_in_order(db())]
    form.audience.choices = [
        ("everyone", _("只带所有人都能看的")),
        ("staff", _("再加上服务台人员看的")),
        ("experts", _("再加上专家与后台看的")),
    ]
    if request.method == "GET":
        form.kinds.data = [kind.value for kind in Kind]
    return form


@blueprint.route("/packs/make", methods=["GET", "POST"])
@needs(Permission.MAKE_PACKS)
def page() -> Page:
    form = _form()
    if request.method == "GET":
        return _page(form)
    if not form.validate():
        return _page(form), 422
    try:
        return _made(form.wish())
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _page(_form(), sentence), 422


def _page(form: MakingForm, problem: str = "") -> str:
    return render_template("packs/make.html", form=form, problem=problem, counts=_counts())


def _counts() -> dict[Kind, int]:
    """How much there is of each kind, as far as this person may read it and it may leave by default."""
    wish = Wish(viewer=viewer_of(me()))
    queries: dict[Kind, Any] = {
        Kind.ARTICLE: wishes.articles(wish),
        Kind.DEFECT: wishes.defects(wish),
        Kind.SYNONYM: wishes.synonyms(wish),
    }
    return {kind: count_of(db(), wanted) for kind, wanted in queries.items()}


def _made(wish: Wish) -> Response:
    """The file is handed over and not kept; what was in it is on record."""
    settings = parts().settings
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=".made-") as folder:
        path = Path(folder) / "pack"
        made = making.make(
            db(),
            wish,
            by=me(),
            key=own_key(settings.data_dir),
            name=settings.company,
            uploads=settings.upload_dir,
            out=path,
        )
        handed = path.open("rb")  # the name goes, the bytes stay until they are sent
    name = f"{made.at:%Y%m%d}-{made.serial}.tdpack"
    return send_file(handed, mimetype="application/octet-stream", as_attachment=True, download_name=name)
