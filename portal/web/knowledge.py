"""The editors' desk: their lists, writing with a live preview, moves, history, what readers said.

The invariant: whatever is refused, what was typed comes back; a colleague's newer words are shown
beside it. The form is in ``article_forms``.
"""

from __future__ import annotations

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from defects import library as defects
from defects.models import Defect
from defects.queries import defect_by_number, is_visible
from indexer.words import N_
from kb import articles as verbs
from kb import compare, editing, feedback
from kb.articles import BODY_LIMIT
from kb.flow import ArticleAction, ArticleState, Refused, is_revisable
from kb.models import Article, Feedback
from kb.queries import article_by_number
from portal.catalogue.queries import systems_in_order
from portal.finder.sources import ARTICLE
from portal.people.duties import article_duties
from portal.people.queries import units_in_order
from portal.people.roles import Permission
from portal.tickets import attachments
from portal.tickets.illustrations import adopt
from portal.tickets.models import Ticket
from portal.tickets.visibility import visible_tickets
from portal.web.access import needs
from portal.web.article_forms import (
    EMPTY,
    ArticleForm,
    filled,
    from_defect,
    from_original,
    from_ticket,
)
from portal.web.editor_lists import (
    articles_listed,
    feedback_waiting,
    history_of,
    steps_open,
    today,
    version_of,
)
from portal.web.files import uploads_in
from portal.web.refusals import sentence_of
from portal.web.request import db, me, only_asks, parts, viewer

blueprint = Blueprint("knowledge", __name__)

FEEDBACK = "feedback"
PER_PAGE = 30
ALIKE = 3
SHORTEST_TITLE = 4
WORKERS = (Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES)
Page = Response | str | tuple[str, int]


# ── the editors' lists ───────────────────────────────────────────────────────────────────────────


@blueprint.get("/knowledge")
@needs(*WORKERS)
def page() -> str:
    chosen = request.args.get("list", editing.Shelf.MINE.value)
    shared = {
        "chosen": chosen,
        "shelves": editing.SHELF_LABELS,
        "counts": editing.counts(db(), list(editing.Shelf), by=me().id, today=today()),
        "waiting": db().scalar(select(func.count()).select_from(feedback.waiting().subquery())) or 0,
        "systems": {row.code: row for row in systems_in_order(db(), active_only=False)},
    }
    if chosen == FEEDBACK:
        return render_template("knowledge/feedback.html", **shared, **feedback_waiting())
    shelf = editing.Shelf(chosen) if chosen in set(editing.Shelf) else editing.Shelf.MINE
    return render_template(
        "knowledge/page.html", **{**shared, "chosen": shelf.value}, **articles_listed(shelf)
    )


@blueprint.post("/knowledge/feedback/<int:id>/handled")
@needs(*WORKERS)
def handle(id: int) -> Response:
    row = db().get(Feedback, id)
    if row is None:
        abort(404)
    feedback.handle(db(), row)
    flash(_("已标为处理完毕。"), "success")
    return redirect(url_for("knowledge.page", list=FEEDBACK))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


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
    article.translation_of_id = (original.translation_of_id or original.id) if original else None
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
        return filled(from_original(original), translation_of=original.number)
    if number := given.get("ticket", ""):
        ticket = db().scalar(visible_tickets(me()).where(Ticket.number == number.strip().upper()))
        return filled(from_ticket(ticket or abort(404)))
    return filled(EMPTY)


def _original(number: str) -> Article | None:
    return (article_by_number(db(), number) or abort(404)) if number else None


def _defect(number: str) -> Defect | None:
    defect = defect_by_number(db(), number) if number else None
    if number and (defect is None or not is_visible(defect, viewer())):
        abort(404)
    return defect


@blueprint.route("/knowledge/<number>/edit", methods=["GET", "POST"])
@needs(*WORKERS)
def edit(number: str) -> Page:
    article = _article(number)
    if request.method == "GET":
        if not is_revisable(article.state, article_duties(me())):
            flash(_("这篇知识现在不能修改，可以先看版本记录。"), "warning")
            return redirect(url_for("knowledge.history", number=number))
        form = _offered(filled(verbs.text_of(article), seen=str(article.version)))
        return _form_page(form, article=article)
    form = _offered(ArticleForm())
    if not form.validate():
        return _form_page(form, article=article), 422
    looked_at = version_of(form.seen.data)
    try:
        verbs.revise(
            db(),
            article,
            form.text(),
            by=me().id,
            note=form.note.data or "",
            seen=looked_at,
            duties=article_duties(me()),
        )
    except Refused as refusal:
        return _refused(form, number, sentence_of(refusal), looked_at)
    adopt(db(), article, by=me())
    flash(_("已保存。"), "success")
    return _after_saving(article)


def _refused(form: ArticleForm, number: str, problem: str, looked_at: int | None) -> tuple[str, int]:
    """What was typed stays; what the colleague wrote meanwhile stands beside it."""
    db().rollback()
    article = _article(number)
    theirs = None
    if looked_at != article.version:
        theirs = compare.compare(article.body, (form.body.data or "").replace("\r\n", "\n").strip())
        form.seen.data = str(article.version)  # saving again is a decision, not an accident
    return _form_page(form, article=article, problem=problem, theirs=theirs), 422


def _after_saving(article: Article) -> Response:
    """Saved and on: to the submission when that was pressed, else back to the text."""
    if request.form.get("then") == "submit" and article.state == ArticleState.DRAFT:
        verbs.move(db(), article, ArticleAction.SUBMIT, by=me().id, duties=article_duties(me()))
        flash(_("已提交审核，由另一位同事发布。"), "success")
        return redirect(url_for("knowledge.page", saved=1))
    return redirect(url_for("knowledge.edit", number=article.number, saved=1))


def _article(number: str) -> Article:
    article = article_by_number(db(), number)
    if article is None:
        abort(404)
    return article


def _offered(form: ArticleForm) -> ArticleForm:
    return form.offer(systems_in_order(db(), active_only=False), units_in_order(db()))


def _form_page(
    form: ArticleForm,
    *,
    article: Article | None = None,
    problem: str = "",
    theirs: list[compare.Piece] | None = None,
) -> str:
    return render_template(
        "knowledge/form.html",
        form=form,
        article=article,
        problem=problem,
        theirs=theirs,
        systems=systems_in_order(db(), active_only=False),
        steps=steps_open(article) if article else (),
        limit_mb=parts().settings.upload_limit_mb,
    )


@blueprint.post("/knowledge/preview")
@needs(*WORKERS)
@only_asks
def preview() -> str:
    body = request.form.get("body", "")[:BODY_LIMIT]
    return render_template("knowledge/_preview.html", title=request.form.get("title", ""), body=body)


@blueprint.get("/knowledge/alike")
@needs(*WORKERS)
def alike() -> str:
    """Articles that may already say it, while the title is being typed."""
    title = request.args.get("title", "").strip()
    found = []
    if len(title) >= SHORTEST_TITLE:
        results = parts().finder.search(db(), me(), title, kinds=(ARTICLE,), limit=ALIKE + 1).results
        found = [row for row in results if row.ref != request.args.get("number", "")][:ALIKE]
    return render_template("knowledge/_alike.html", found=found)


@blueprint.post("/knowledge/files")
@needs(Permission.WRITE_ARTICLES)
def upload() -> Response | tuple[Response, int]:
    """Pictures pasted or dropped into the text; answers with the Markdown that shows them."""
    settings = parts().settings
    number = request.form.get("number", "")
    article = article_by_number(db(), number) if number else None
    brought = uploads_in(request.files.getlist("files"))
    if not brought:
        return jsonify(problem=_("请先选择文件。")), 422
    try:
        stored = attachments.illustrate(
            db(),
            article,
            brought,
            by=me(),
            folder=settings.upload_dir,
            limit_mb=settings.upload_limit_mb,
            locked=bool(settings.virus_scan),
        )
    except Refused as refusal:
        db().rollback()
        return jsonify(problem=sentence_of(refusal)), 422
    return jsonify(markdown=[_shown(row.id, row.name, row.content_type) for row in stored])


def _shown(number: int, name: str, content_type: str) -> str:
    text = name.replace("[", "").replace("]", "").replace("\\", "")
    mark = "!" if content_type.startswith("image/") else ""
    return f"{mark}[{text}]({url_for('files.get', id=number)})"


# ── its life ─────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/knowledge/<number>/moves/<action>")
@needs(*WORKERS)
def move(number: str, action: str) -> Response:
    article = _article(number)
    if action not in set(ArticleAction):
        abort(404)
    looked_at = version_of(request.form.get("seen"))
    if looked_at is not None and looked_at != article.version:
        raise Refused(N_("这篇知识刚刚被同事改过，请看过最新内容再操作。"))
    verbs.move(
        db(),
        article,
        ArticleAction(action),
        by=me().id,
        duties=article_duties(me()),
        note=request.form.get("note", ""),
    )
    flash(_("已记录。"), "success")
    return redirect(url_for("knowledge.history", number=article.number))


@blueprint.get("/knowledge/<number>/history")
@needs(*WORKERS)
def history(number: str) -> str:
    return render_template("knowledge/history.html", **history_of(_article(number)))


@blueprint.post("/knowledge/<number>/restore/<int:revision>")
@needs(*WORKERS)
def restore(number: str, revision: int) -> Response:
    article = _article(number)
    verbs.restore(db(), article, revision, by=me().id, duties=article_duties(me()))
    flash(_("已恢复为第 %(number)s 版的内容，存为新的一版。", number=revision), "success")
    return redirect(url_for("knowledge.history", number=article.number))
