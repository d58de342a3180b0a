"""Administration of the information forms: which there are, and the editor of one.

Everything is written into a draft and seen beside it as the user will see it; publishing is a deed of its
own. It shares the blueprint of the administration. The invariant: a refused deed brings back what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from kb.flow import Refused
from portal.catalogue.queries import system_by_code, systems_in_order
from portal.people.audit import entries
from portal.people.roles import Permission
from portal.tickets.forms import editing
from portal.tickets.forms.editing import FieldText, Scope
from portal.tickets.forms.fields import KIND_LABELS, NEED_LABELS, Kind, Need
from portal.tickets.forms.models import InfoAnswer, InfoForm
from portal.tickets.forms.sheets import Sheet
from portal.tickets.words import CATEGORY_LABELS, SUB_LABELS, Category
from portal.web.access import needs
from portal.web.addresses import key_in
from portal.web.admin_audit import actors_of
from portal.web.admin_units import blueprint
from portal.web.information import Asked
from portal.web.refusals import sentence_of
from portal.web.request import db, me

LANGUAGES = {"zh": "zh_CN", "en": "en"}
CHANGES = 15
LONGEST_TEXT = 4000


@dataclass(frozen=True, slots=True)
class Kept:
    """What was typed into the editor and refused; ``key`` is empty for a field to be added."""

    sentence: str
    key: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/admin/forms")
@needs(Permission.MANAGE_CATALOGUE)
def forms() -> str:
    """Every form, by system."""
    return _list()


def _list(problem: str = "") -> str:
    every = editing.every_form(db())
    wanted = request.args.get("system", "")
    return render_template(
        "admin/forms.html",
        forms=[row for row in every if not wanted or row.system.code == wanted],
        every=every,
        systems=systems_in_order(db()),
        wanted=wanted,
        categories=CATEGORY_LABELS,
        subs=SUB_LABELS,
        problem=problem,
    )


@blueprint.post("/admin/forms")
@needs(Permission.MANAGE_CATALOGUE)
def start_form() -> Response | tuple[str, int]:
    system = system_by_code(db(), request.form.get("system", ""))
    category, _colon, sub = request.form.get("category", "").partition(":")
    if system is None or category not in set(Category):
        return _list(_("请选择系统和请求类别。")), 422
    scope = Scope(system, Category(category), request.form.get("module", ""), sub)
    like = db().get(InfoForm, request.form.get("like", 0, type=key_in))
    try:
        form = editing.start(db(), scope, by=me(), like=like)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return _list(sentence), 422
    flash(_("已建好，写完后发布，用户才会看到。"), "success")
    return redirect(url_for("admin.form", number=form.id))


# ── one form ─────────────────────────────────────────────────────────────────────────────────────


def _form(number: int) -> InfoForm:
    row = db().get(InfoForm, number)
    if row is None:
        abort(404)
    return row


@blueprint.get("/admin/forms/<int:number>")
@needs(Permission.MANAGE_CATALOGUE)
def form(number: int) -> str:
    """The editor: the fields on the left, what the user sees on the right."""
    return _editor(_form(number))


def _editor(row: InfoForm, kept: Kept | None = None) -> str:
    audit = db().scalars(entries(subject=editing.SUBJECT, subject_id=editing.subject_of(row)).limit(CHANGES))
    lines = list(audit)
    versions = [version.id for version in row.versions]
    answered = select(func.count(InfoAnswer.ticket_id.distinct())).where(InfoAnswer.version_id.in_(versions))
    return render_template(
        "admin/form.html",
        form=row,
        fields=editing.draft_of(row),
        kinds=KIND_LABELS,
        needs=NEED_LABELS,
        kept=kept,
        asked=_preview_of(row),
        lines=lines,
        actors=actors_of(lines),
        answered=db().scalar(answered) or 0,
    )


def _preview_of(row: InfoForm) -> Asked:
    return Asked(Sheet(0, row.id, 0, editing.draft_of(row)))


@blueprint.get("/admin/forms/<int:number>/preview")
@needs(Permission.MANAGE_CATALOGUE)
def form_preview(number: int) -> str:
    """The draft as users see it, in one of the languages."""
    row, language = _form(number), request.args.get("language", "zh")
    with force_locale(LANGUAGES.get(language, "zh_CN")):
        return render_template("forms/_preview.html", asked=_preview_of(row), form=row)


@blueprint.post("/admin/forms/<int:number>")
@needs(Permission.MANAGE_CATALOGUE)
def change_form(number: int) -> Response | tuple[str, int]:
    """Add, change, move or take out a field; publish or throw away the draft; retire the form."""
    row, key = _form(number), request.form.get("key", "")
    deed = DEEDS.get(request.form.get("deed", ""))
    if deed is None:
        abort(400)
    try:
        told = deed(row, key)
    except Refused as refusal:
        kept = Kept(sentence_of(refusal), key, dict(request.form))
        db().rollback()
        return _editor(_form(number), kept), 422
    if told:
        flash(told, "success")
    return redirect(url_for("admin.form", number=number, _anchor=f"field-{key}" if key else None))


def _put(row: InfoForm, key: str) -> str:
    kind, need = request.form.get("kind", ""), request.form.get("need", "")
    if kind not in set(Kind) or need not in set(Need):
        abort(400)
    text = FieldText(
        kind=Kind(kind),
        name=_text("name"),
        name_en=_text("name_en"),
        hint=_text("hint"),
        hint_en=_text("hint_en"),
        need=Need(need),
        choices=_text("choices"),
    )
    editing.put_field(db(), row, text, by=me(), key=key)
    return ""


def _text(name: str) -> str:
    return request.form.get(name, "")[:LONGEST_TEXT].replace("\x00", "")


def _shift(steps: int) -> Callable[[InfoForm, str], str]:
    def shift(row: InfoForm, key: str) -> str:
        editing.move_field(db(), row, key, steps=steps, by=me())
        return ""

    return shift


def _order(row: InfoForm, _key: str) -> str:
    editing.order_fields(db(), row, request.form.get("keys", "").split(","), by=me())
    return ""


def _drop(row: InfoForm, key: str) -> str:
    dropped = editing.drop_field(db(), row, key, by=me())
    return _("已移走“%(name)s”；已经填过的内容仍留在工单上。", name=dropped.name)


def _publish(row: InfoForm, _key: str) -> str:
    version = editing.publish(db(), row, by=me())
    return _("已发布第 %(n)s 版，从现在起新提交的工单按它收集。", n=version.number)


def _discard(row: InfoForm, _key: str) -> str:
    editing.discard(db(), row, by=me())
    return _("已退回到发布的版本。")


def _retire(row: InfoForm, _key: str) -> str:
    editing.set_retired(db(), row, True, by=me())
    return _("已停用，不再向用户收集；已经填过的内容仍留在工单上。")


def _revive(row: InfoForm, _key: str) -> str:
    editing.set_retired(db(), row, False, by=me())
    return _("已启用。")


DEEDS: dict[str, Callable[[InfoForm, str], str]] = {
    "put": _put,
    "up": _shift(-1),
    "down": _shift(1),
    "order": _order,
    "drop": _drop,
    "publish": _publish,
    "discard": _discard,
    "retire": _retire,
    "revive": _revive,
}
