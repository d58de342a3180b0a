"""Signing in and out, language and theme."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import login_user, logout_user
from werkzeug.wrappers import Response as BaseResponse
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from kb.flow import Refused
from portal.people import login as sign
from portal.web.access import everyone, signed_in
from portal.web.forms import Form
from portal.web.refusals import sentence_of
from portal.web.request import db, keep, me, parts, person_or_none

blueprint = Blueprint("auth", __name__)


class SignInForm(Form):
    login = StringField(_l("账号"), validators=[InputRequired(_l("请填写账号。")), Length(max=64)])
    password = PasswordField(_l("密码"), validators=[InputRequired(_l("请填写密码。")), Length(max=200)])
    next = HiddenField()


class PasswordForm(Form):
    former = PasswordField(_l("原密码"), validators=[InputRequired(_l("请填写原密码。"))])
    new = PasswordField(_l("新密码"), validators=[InputRequired(_l("请填写新密码。")), Length(max=200)])
    again = PasswordField(_l("再输一次"), validators=[EqualTo("new", _l("两次输入的新密码不一样。"))])


def local_path(target: str | None) -> str:
    """``target`` when it stays on this site, else the home page: no open redirect."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return url_for("home.page")
    split = urlsplit(target)
    return target if not split.scheme and not split.netloc else url_for("home.page")


@blueprint.route("/sign-in", methods=["GET", "POST"])
@everyone
def sign_in() -> BaseResponse | str:
    if request.method == "GET" and person_or_none() is not None:
        return redirect(local_path(request.args.get("next")))
    form = SignInForm(next=request.args.get("next", ""))
    if request.method == "GET" or not form.validate():
        return render_template("auth/sign_in.html", form=form)
    settings = parts().settings
    person = sign.sign_in(
        db(),
        str(form.login.data),
        str(form.password.data),
        attempts=settings.lockout_attempts,
        minutes=settings.lockout_minutes,
    )
    keep()  # failures are counted although the answer is an error
    if person is None:
        form.password.errors = [_(sign.WRONG)]
        return make_response(render_template("auth/sign_in.html", form=form), 401)
    _start_session(person)
    return redirect(local_path(form.next.data))


def _start_session(person: object) -> None:
    kept = {name: session[name] for name in ("locale", "theme") if name in session}
    session.clear()
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    session.update(kept)
    login_user(person)


@blueprint.post("/sign-out")
@everyone
def sign_out() -> BaseResponse:
    logout_user()
    session.clear()
    current_app.session_interface.regenerate(session)  # type: ignore[attr-defined]
    return redirect(url_for("auth.sign_in"))


@blueprint.route("/account", methods=["GET", "POST"])
@signed_in
def account() -> BaseResponse | str | tuple[str, int]:
    form = PasswordForm()
    if request.method == "POST" and form.validate():
        try:
            sign.change_password(db(), me(), str(form.former.data), str(form.new.data))
        except Refused as refusal:
            form.former.errors = [sentence_of(refusal)]
            return render_template("auth/account.html", form=form), 422
        flash(_("密码已修改。"), "success")
        return redirect(url_for("auth.account"))
    return render_template("auth/account.html", form=form)


@blueprint.post("/language/<code>")
@everyone
def language(code: str) -> BaseResponse:
    if code in ("zh_CN", "en"):
        session["locale"] = code
        if (person := person_or_none()) is not None:
            db().merge(person).locale = code
    return redirect(local_path(request.form.get("next")))


@blueprint.post("/theme/<name>")
@everyone
def theme(name: str) -> Response | BaseResponse:
    if name in ("light", "dark", "auto"):
        session["theme"] = name
        if (person := person_or_none()) is not None:
            db().merge(person).theme = name
    return redirect(local_path(request.form.get("next")))
