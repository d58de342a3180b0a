"""Writing an article or its translation, and saving it.

The invariant: whatever is refused, what was typed comes back; a colleague's newer words are shown beside
it. The form is in ``article_forms``, what helps while typing in ``knowledge_typing``.
"""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from defects import library as defects
from defects.models import Defect
from defects.queries import visible_by_number
from kb import articles as verbs
from kb import compare
from kb.flow import ArticleAction, ArticleState, Refused, is_revisable
from kb.models import Article
from kb.queries import article_by_number
from kb.translations import keeping
from portal.catalogue.queries import systems_in_order
from portal.people.duties import article_duties
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.tickets.illustrations import adopt
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets
from portal.web.access import needs
from portal.web.article_forms import EMPTY, ArticleForm, filled, from_defect, from_original, from_ticket
from portal.web.article_versions import Beside, beside
from portal.web.editor_lists import steps_open, version_of
from portal.web.knowledge_pages import WORKERS, blueprint, known_article
from portal.web.refusals import sentence_of
from portal.web.request import db, me, viewer

Page = Response | str | tuple[str, int]


@blueprint.route("/knowledge/new", methods=["GET", "POST"])
@needs(Permission.WRITE_ARTICLES)
def new() -> Page:
    if request.method == "GET":
        return _form_page(_offered(_started()))
    form = _offered(ArticleForm())
    original = _original(form.translation_of.data or "")
    defect = _defect(form.defect.data or "")
    if not form.validate():
        return _form_page(form), 422
    try:
        article = verbs.write(db(), form.text(), by=me().id)
    except Refused as refusal:
        db().rollback()
        return _form_page(form, problem=sentence_of(refusal)), 422
    if original is not None:
        article.translation_of = original.translation_of or original
        _follow(article, form)
    if defect is not None:
        defects.tie(db(), defect, article)
    adopt(db(), article, by=me())
    flash(_("草稿 %(number)s 已保存。", number=article.number), "success")
    return _after_saving(article)


def _started() -> ArticleForm:
    """What a new article starts from: a ticket, a defect, the original of a translation, or nothing."""
    given = request.args
    if defect := _defect(given.get("defect", "")):
        return filled(from_defect(defect), defect=defect.number)
    if original := _original(given.get("translation_of", "")):
        first = original.translation_of or original
        return filled(from_original(first), translation_of=first.number)
    if number := given.get("ticket", ""):
        ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number.strip().upper()))
        return filled(from_ticket(ticket or abort(404)))
    return filled(EMPTY)


def _original(number: str) -> Article | None:
    return (article_by_number(db(), number) or abort(404)) if number else None


def _defect(number: str) -> Defect | None:
    return (visible_by_number(db(), number, viewer()) or abort(404)) if number else None


@blueprint.route("/knowledge/<number>/edit", methods=["GET", "POST"])
@needs(*WORKERS)
def edit(number: str) -> Page:
    article = known_article(number)
    if request.method == "GET":
        if not is_revisable(article.state, article_duties(me(), article)):
            flash(_("这篇知识现在不能修改，可以先看版本记录。"), "warning")
            return redirect(url_for("knowledge.history", number=number))
        form = _offered(filled(verbs.text_of(article), seen=str(article.version)))
        return _form_page(form, article=article)
    form = _offered(ArticleForm())
    if not form.validate():
        return _form_page(form, article=article), 422
    looked_at = version_of(form.seen.data)
    try:
        _revise(article, form, looked_at)
    except Refused as refusal:
        return _refused(form, number, sentence_of(refusal), looked_at)
    flash(_("已保存。"), "success")
    return _after_saving(article)


def _revise(article: Article, form: ArticleForm, looked_at: int | None) -> None:
    verbs.revise(
        db(),
        article,
        form.text(),
        by=me().id,
        note=form.note.data or "",
        seen=looked_at,
        duties=article_duties(me(), article),
    )
    _follow(article, form)
    adopt(db(), article, by=me())


def _follow(article: Article, form: ArticleForm) -> None:
    """The translator says whether the translation says what the original said on this page."""
    if article.translation_of is not None and form.caught_up.data:
        keeping.follow(db(), article, version_of(form.follows.data), by=me().id)


def _refused(form: ArticleForm, number: str, problem: str, looked_at: int | None) -> tuple[str, int]:
    """What was typed stays; what the colleague wrote meanwhile stands beside it."""
    db().rollback()
    article = known_article(number)
    theirs = None
    if looked_at != article.version:
        theirs = compare.compare(article.body, (form.body.data or "").replace("\r\n", "\n").strip())
        form.seen.data = str(article.version)  # saving again is a decision, not an accident
    return _form_page(form, article=article, problem=problem, theirs=theirs), 422


def _after_saving(article: Article) -> Response:
    """Saved and on: to the submission when that was pressed, else back to the text."""
    if request.form.get("then") == "submit" and article.state == ArticleState.DRAFT:
        verbs.move(db(), article, ArticleAction.SUBMIT, by=me().id, duties=article_duties(me(), article))
        flash(_("已提交审核，由另一位同事发布。"), "success")
        return redirect(url_for("knowledge.page", saved=1))
    return redirect(url_for("knowledge.edit", number=article.number, saved=1))


def _offered(form: ArticleForm) -> ArticleForm:
    return form.offer(systems_in_order(db(), active_only=False), units_in_order(db()))


def _form_page(
    form: ArticleForm,
    *,
    article: Article | None = None,
    problem: str = "",
    theirs: list[compare.Piece] | None = None,
) -> str:
    side = _beside(form, article)
    if side is not None and not form.follows.data:
        form.follows.data = str(side.latest)
        form.caught_up.data = not side.behind  # of what changed in between, the translator says so
    return render_template(
        "knowledge/form.html",
        form=form,
        article=article,
        problem=problem,
        theirs=theirs,
        side=side,
        body_limit=verbs.BODY_LIMIT,
        systems=systems_in_order(db(), active_only=False),
        steps=steps_open(article) if article else (),
    )


def _beside(form: ArticleForm, article: Article | None) -> Beside | None:
    """The original that a translation is written next to."""
    if article is not None:
        return beside(db(), article)
    original = article_by_number(db(), form.translation_of.data or "")
    return beside(db(), original=original) if original else None
