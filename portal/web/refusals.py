"""Refusals and errors as pages: a clear sentence, what is kept, and a way on."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, current_app, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from indexer.words import N_
from kb.flow import Refused
from portal.api import problems
from portal.tickets.desk import Overtaken
from portal.web.labels import translated


def is_fragment() -> bool:
    """Was this asked for by htmx, for a part of the page?"""
    return request.headers.get("HX-Request") == "true"


def sentence_of(refusal: Refused) -> str:
    return translated(refusal.sentence, **refusal.values)


def _page(status: int, title: str, sentence: str) -> Response:
    if problems.wanted():
        return problems.problem(status, title, sentence)
    template = "errors/_message.html" if is_fragment() else "errors/page.html"
    shown = render_template(template, status=status, title=title, sentence=sentence)
    return retargeted(make_response(shown, status))


def retargeted(response: Response) -> Response:
    """What went wrong with a part of the page is told above the page, whatever part was asked for."""
    if is_fragment():
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
        response.headers["HX-Reselect"] = ".alert"  # whatever part of a page the asker wanted
    return response


def refused(refusal: Refused) -> Response:
    status = HTTPStatus.CONFLICT if isinstance(refusal, Overtaken) else HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(status, _("没有执行"), sentence_of(refusal))


def stale(_problem: StaleDataError) -> Response:
    return _page(
        409, _("有人先动了"), _("同事刚刚改动了同一条记录，您的操作没有执行。请返回看最新情况再决定。")
    )


def database_away(_problem: OperationalError) -> Response:
    response = _page(503, _("暂时不能保存"), _("数据库暂时不可用，什么都没有丢。请过一会儿再试。"))
    response.headers["Retry-After"] = "5"
    return response


SENTENCES = {
    400: N_("请求的内容不完整或格式不对。"),
    404: N_("没有这个页面，或者它不在您的权限范围内。"),
    405: N_("这个地址不能这样打开。"),
    413: N_("文件太大了，请压缩后再传，或只截取有问题的部分。"),
    429: N_("操作太频繁了，请稍等片刻。"),
}
OTHERWISE = N_("出了点问题，请稍后再试。")


def http_error(problem: HTTPException) -> Response:
    code = problem.code or 500
    if code < 400:
        return problem.get_response()  # type: ignore[return-value]
    if code == HTTPStatus.METHOD_NOT_ALLOWED and request.method == "GET" and (around := _page_around()):
        return redirect(around)  # type: ignore[return-value]
    if problems.wanted() and (told := getattr(problem, "data", None)):
        return problems.problem(
            code, _("内容不对"), _("请求里有内容不对，见 errors。"), errors=told.get("messages")
        )
    return _page(code, _("打不开"), _(SENTENCES.get(code, OTHERWISE)))


def _page_around() -> str | None:
    """The nearest page above an address that takes deeds only: where that deed's page is drawn.

    A refused deed shows its page under the deed's own address; a changed language, a return after signing
    in or Enter in the address bar then asks for that address as a page.
    """
    if problems.wanted() or "//" in request.path:
        return None
    pages, path = current_app.create_url_adapter(request), request.path
    while pages is not None and (path := path.rpartition("/")[0]):
        if pages.test(path, method="GET"):
            return path
    return None


def register(app: Flask) -> None:
    app.register_error_handler(Refused, refused)
    app.register_error_handler(StaleDataError, stale)
    app.register_error_handler(OperationalError, database_away)
    app.register_error_handler(HTTPException, http_error)
