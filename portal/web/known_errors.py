"""A record told to users: one click writes its known-error article, another brings it in step again.

The deeds are ``causes.known``'s. The invariant: of an article that a person may neither read nor work on,
nothing is shown here either.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects.models import Defect
from kb import articles
from kb.compare import compare
from kb.flow import Refused, is_revisable
from kb.models import Article, ArticleKind
from kb.queries import article_by_number
from portal.causes.known import publishing, retiring
from portal.causes.known.standing import Known, known_of
from portal.causes.known.wording import what_was_hidden
from portal.people.duties import article_duties
from portal.people.roles import Permission
from portal.web.access import needs
from portal.web.defect_record import seen
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

blueprint = Blueprint("known_errors", __name__)

WRITERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)


def known_card(defect: Defect) -> Known:
    """What ``defects/_known.html`` draws."""
    return known_of(db(), defect, by=me(), viewer=viewer())


@blueprint.post("/defects/<number>/known")
@needs(*WRITERS)
def publish(number: str) -> Response:
    """One click: the article is written, and goes as far as this person may take it."""
    defect = seen(number)
    told = publishing.publish(db(), defect, by=me())
    names = {"number": told.article.number, "title": told.article.title}
    if told.published:
        flash(_("已发布 %(number)s《%(title)s》，用户求助前就能看到。", **names), "success")
    else:
        flash(_("已写成 %(number)s《%(title)s》并提交审核，由另一位同事发布。", **names), "success")
    if hidden := what_was_hidden(defect):
        flash(_("发布前隐去了 %(n)s 处姓名、号码或口令，请看一眼是否还读得通。", n=hidden), "warning")
    return _back(defect)


@blueprint.get("/defects/<number>/known/<ref>")
@needs(*WRITERS)
def compared(number: str, ref: str) -> str:
    """What the article says beside what it would say."""
    defect, article = _pair(number, ref)
    return _compared(defect, article)


def _compared(defect: Defect, article: Article, problem: str = "") -> str:
    text = publishing.renewed_text(db(), defect, article)
    now = articles.text_of(article)
    return render_template(
        "defects/known.html",
        defect=defect,
        article=article,
        body=compare(now.body, text.body),
        also=[line for line in text.also if line not in now.also],
        codes=[word for word in text.keywords if word not in now.keywords],
        audience=text.audience if text.audience != now.audience else None,
        same=text == now,
        asks=not is_revisable(article.state, article_duties(me(), article)),
        problem=problem,
    )


@blueprint.post("/defects/<number>/known/<ref>")
@needs(*WRITERS)
def renew(number: str, ref: str) -> Response | tuple[str, int]:
    defect, article = _pair(number, ref)
    version = request.form.get("seen", "")
    looked_at = int(version) if version.isdecimal() and len(version) < 10 else None
    try:
        done = publishing.renew(db(), defect, article, by=me(), seen=looked_at)
    except Refused as refusal:
        db().rollback()
        return _compared(*_pair(number, ref), problem=sentence_of(refusal)), 422
    if done:
        flash(_("%(number)s 已按缺陷更新，以前的版本在版本记录里。", number=article.number), "success")
    else:
        flash(_("读者正在看这篇，已请知识编辑采用您的改法。"), "success")
    return _back(defect)


@blueprint.post("/defects/<number>/known/<ref>/back")
@needs(*WRITERS)
def put_back(number: str, ref: str) -> Response:
    """Undo a retirement that the system made."""
    defect, article = _pair(number, ref)
    retiring.put_back(db(), article, by=me())
    flash(_("%(number)s 重新上线了，修复版本再变之前不会自动下线。", number=article.number), "success")
    return _back(defect)


def _pair(number: str, ref: str) -> tuple[Defect, Article]:
    """A record and one of its known-error articles; whoever gets here works on articles and may see all."""
    defect, article = seen(number), article_by_number(db(), ref)
    if article is None or article.kind != ArticleKind.KNOWN_ERROR:
        abort(404)
    if article.id not in {row.article.id for row in known_card(defect).rows}:
        abort(404)
    return defect, article


def _back(defect: Defect) -> Response:
    return redirect(url_for("defect_pages.record", number=defect.number, _anchor="known"))


@blueprint.app_template_filter("refusal")
def in_words(refusal: Refused) -> str:
    """A refusal that a page shows before anybody has pressed."""
    return sentence_of(refusal)
