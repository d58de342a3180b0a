"""A form from a page whose sign-in has run out, or that an earlier one drew: the way back to that page.

The words of the form wait in the browser (``static/js/expired.js``) and are put back on the page they came
from; nothing of them is kept here. The invariant: the way back never leaves this site.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from portal.api import problems
from portal.web.auth import SignInForm
from portal.web.refusals import is_fragment, retargeted
from portal.web.request import person_or_none

OLD = 400


def page_left() -> str:
    """The page that sent this request, as a path of this site; the home page where nobody says."""
    try:
        said = urlsplit(request.headers.get("HX-Current-URL") or request.referrer or "")
    except ValueError:  # no address at all
        return "/"
    if said.netloc != request.host or not said.path.startswith("/") or said.path.startswith("//"):
        return "/"
    return f"{said.path}?{said.query}" if said.query else said.path


def sign_in_again() -> str:
    return url_for("auth.sign_in", next=page_left())


def _sign_in_anew() -> Response:
    """The sign-in page itself was left open too long: it is shown as new, with the account that was typed."""
    form = SignInForm()
    form.password.errors = [_("登录页面放得太久了，请再输一次密码。")]
    return make_response(render_template("auth/sign_in.html", form=form), OLD)


def bad_token(_problem: CSRFError) -> Response:
    signed_in = person_or_none() is not None
    if request.endpoint == "auth.sign_in" and not signed_in:
        return _sign_in_anew()
    title = _("页面放得太久了") if signed_in else _("登录已过期")
    sentence = _("请重新打开那一页再提交一次。") if signed_in else _("为了安全，请重新登录，然后再提交一次。")
    if problems.wanted():
        return problems.problem(OLD, title, sentence)
    template = "errors/_expired.html" if is_fragment() else "errors/expired.html"
    way = page_left() if signed_in else sign_in_again()
    shown = render_template(template, title=title, sentence=sentence, way=way, signed_in=signed_in)
    return retargeted(make_response(shown, OLD))


def register(app: Flask) -> None:
    app.register_error_handler(CSRFError, bad_token)
