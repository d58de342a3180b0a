"""Administration of people: the list, one person, the deeds on an account.

Units, systems, services, forms and the audit are modules of their own, gathered by ``admin_rooms``.
"""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_, select
from werkzeug.wrappers import Response
from wtforms import EmailField, SelectField, StringField, TelField
from wtforms.validators import InputRequired, Length

from kb.columns import now
from kb.counting import count_of
from kb.flow import Refused
from portal.catalogue.queries import system_names, systems_in_order
from portal.people import audit, people
from portal.people.models import ApiToken, Person, PersonPost
from portal.people.queries import person_by_login, units_in_order
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, Permission, Post
from portal.tickets import administration
from portal.web.access import needs
from portal.web.admin_audit import actors_of
from portal.web.admin_units import blueprint, unit_choices
from portal.web.forms import Form
from portal.web.paging import pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me

PER_PAGE = 30
LINES = 12


class DetailsForm(Form):
    name = StringField(_l("姓名"), validators=[InputRequired(_l("请填写姓名。")), Length(max=200)])
    name_en = StringField(_l("英文名"), validators=[Length(max=200)])
    unit = SelectField(_l("单位"))
    email = EmailField(_l("邮箱"), validators=[Length(max=200)])
    phone = TelField(_l("电话"), validators=[Length(max=40)])

    def details(self) -> people.Details:
        """What was typed, as the verb wants it."""
        return people.Details(
            name=str(self.name.data),
            unit=str(self.unit.data),
            name_en=str(self.name_en.data or ""),
            email=str(self.email.data or ""),
            phone=str(self.phone.data or ""),
        )


class NewPersonForm(DetailsForm):
    login = StringField(_l("账号"), validators=[InputRequired(_l("请填写账号。")), Length(max=41)])


@blueprint.get("/admin")
@needs(Permission.MANAGE_PEOPLE)
def page() -> str:
    """People, by words, post and whether their account is open."""
    wanted = _wanted()
    total = count_of(db(), wanted)
    cursor = pages(total, per_page=PER_PAGE)
    rows = db().scalars(wanted.order_by(Person.name, Person.id).limit(PER_PAGE).offset(cursor.offset))
    return render_template(
        "admin/people.html", rows=rows.unique().all(), cursor=cursor, posts=list(Post), now=now(db())
    )


def _wanted() -> Select[Person]:
    wanted = select(Person)
    words = request.args.get("q", "").strip()[:100].replace("\x00", "")
    if words:
        columns = (Person.name, Person.name_en, Person.login, Person.email, Person.phone)
        wanted = wanted.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
    post = request.args.get("post", "")
    if post in set(Post):
        wanted = wanted.where(
            Person.id.in_(select(PersonPost.person_id).where(PersonPost.post == Post(post)))
        )
    match request.args.get("state", ""):
        case "closed":
            return wanted.where(Person.active.is_(False))
        case "locked":
            return wanted.where(Person.locked_until > now(db()))
        case _:
            return wanted


@blueprint.route("/admin/people/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_PEOPLE)
def new() -> str | tuple[str, int]:
    """A new account; its first password is shown once, in this answer alone."""
    form = NewPersonForm()
    form.unit.choices = unit_choices()
    if request.method == "GET" or not form.validate():
        return render_template("admin/new_person.html", form=form)
    try:
        person, password = people.create(db(), str(form.login.data), form.details(), by=me())
    except Refused as refusal:
        db().rollback()
        return render_template("admin/new_person.html", form=form, problem=sentence_of(refusal)), 422
    return render_template("admin/password.html", person=person, password=password, fresh=True)


def _person(login: str) -> Person:
    person = person_by_login(db(), login)
    if person is None:
        abort(404)
    return person


@blueprint.get("/admin/people/<login>")
@needs(Permission.MANAGE_PEOPLE)
def person(login: str) -> str:
    """One person: details, posts, account, tokens, what was done to them."""
    return _person_page(_person(login))


def _person_page(someone: Person, *, form: DetailsForm | None = None, problem: str = "") -> str:
    form = form or _filled(someone)
    form.unit.choices = unit_choices(keep=someone.unit)
    lines = db().scalars(audit.entries(subject=people.PERSON, subject_id=someone.login).limit(LINES)).all()
    return render_template(
        "admin/person.html",
        person=someone,
        form=form,
        problem=problem,
        posts=_offered_posts(someone),
        units=units_in_order(db()),
        systems=systems_in_order(db(), active_only=False),
        tokens=people.tokens_of(db(), someone),
        browsers=people.open_sessions(db(), someone),
        lines=lines,
        actors=actors_of(lines),
        now=now(db()),
        own=someone.id == me().id,
    )


def _filled(someone: Person) -> DetailsForm:
    known = {name: getattr(someone, name) for name in ("name", "name_en", "email", "phone")}
    return DetailsForm(formdata=None, data={**known, "unit": someone.unit.code})


def _offered_posts(someone: Person) -> list[dict[str, Any]]:
    held = {row.post: row for row in someone.posts}
    return [
        {
            "post": post,
            "held": held.get(post),
            "by_unit": post in BOUND_TO_UNITS,
            "by_system": post in BOUND_TO_SYSTEMS,
        }
        for post in Post
    ]


@blueprint.post("/admin/people/<login>/details")
@needs(Permission.MANAGE_PEOPLE)
def details(login: str) -> Response | tuple[str, int]:
    someone = _person(login)
    form = DetailsForm()
    form.unit.choices = unit_choices(keep=someone.unit)
    if not form.validate():
        return _person_page(someone, form=form), 422
    try:
        people.change(db(), someone, form.details(), by=me(), seen=_seen())
    except Refused as refusal:
        db().rollback()
        return _person_page(_person(login), form=form, problem=sentence_of(refusal)), 422
    return _done(someone, _("资料已保存。"))


@blueprint.post("/admin/people/<login>/posts")
@needs(Permission.MANAGE_PEOPLE)
def posts(login: str) -> Response | tuple[str, int]:
    someone = _person(login)
    try:
        people.set_posts(
            db(), someone, _given_posts(), systems=system_names(db()).keys(), by=me(), seen=_seen()
        )
    except Refused as refusal:
        db().rollback()
        return _person_page(_person(login), problem=sentence_of(refusal)), 422
    return _done(someone, _("岗位已保存，立即生效。"))


def _given_posts() -> list[people.GivenPost]:
    asked = request.form.getlist("post")
    if not set(asked) <= set(Post):
        abort(400)
    return [
        people.GivenPost(
            Post(post),
            unit=request.form.get(f"unit-{post}", ""),
            systems=tuple(request.form.getlist(f"systems-{post}")),
        )
        for post in asked
    ]


def _seen() -> int:
    seen = request.form.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 10 else -1


@blueprint.post("/admin/people/<login>/deactivate")
@needs(Permission.MANAGE_PEOPLE)
def deactivate(login: str) -> Response:
    someone = _person(login)
    handed = administration.deactivate(db(), someone, by=me())
    return _done(someone, _("账号已停用，会话和令牌已失效，%(n)s 张工单放回队列。", n=len(handed)))


@blueprint.post("/admin/people/<login>/reactivate")
@needs(Permission.MANAGE_PEOPLE)
def reactivate(login: str) -> Response:
    someone = _person(login)
    people.reactivate(db(), someone, by=me())
    return _done(someone, _("账号已启用。"))


@blueprint.post("/admin/people/<login>/password")
@needs(Permission.MANAGE_PEOPLE)
def reset(login: str) -> str:
    """A new password, shown once, in this answer alone."""
    someone = _person(login)
    password = people.reset_password(db(), someone, by=me())
    return render_template("admin/password.html", person=someone, password=password, fresh=False)


@blueprint.post("/admin/people/<login>/unlock")
@needs(Permission.MANAGE_PEOPLE)
def unlock(login: str) -> Response:
    someone = _person(login)
    people.unlock(db(), someone, by=me())
    return _done(someone, _("已解除锁定。"))


@blueprint.post("/admin/people/<login>/sessions/end")
@needs(Permission.MANAGE_PEOPLE)
def end_sessions(login: str) -> Response:
    someone = _person(login)
    ended = people.end_sessions(db(), someone, by=me())
    return _done(someone, _("已结束 %(n)s 个会话。", n=ended))


@blueprint.post("/admin/people/<login>/tokens/<int:number>/revoke")
@needs(Permission.MANAGE_PEOPLE)
def revoke(login: str, number: int) -> Response:
    someone = _person(login)
    token = db().get(ApiToken, number)
    if token is None or token.person_id != someone.id:
        abort(404)
    people.revoke_token(db(), token, by=me())
    return _done(someone, _("令牌已撤销。"))


def _done(someone: Person, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("admin.person", login=someone.login))
