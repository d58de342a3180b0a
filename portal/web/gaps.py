"""What the knowledge base does not answer, for its editors: the list, one gap, and what is decided on it.

What is read is ``curation.gaps``', decisions are its verbs. The invariants: only counts and masked words
are shown to those who may not open the tickets behind; managers and analysts read, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from kb.columns import now
from kb.flow import READABLE, Refused
from kb.models import Article
from kb.queries import article_by_number
from portal.curation.drafts import growing
from portal.curation.gaps import deciding
from portal.curation.gaps.flow import GapState, open_to
from portal.curation.gaps.lists import LATELY, Order, gaps_listed
from portal.curation.gaps.models import Gap
from portal.curation.gaps.record import gap_by_id, may_be_named, record_of
from portal.people import audit
from portal.people.models import Person, PersonPost
from portal.people.queries import person_by_login, units_in_order
from portal.people.roles import Permission, posts_with
from portal.web.access import needs
from portal.web.gap_lists import ALL, arguments, system_names, wanted_of, written
from portal.web.labels import named
from portal.web.paging import asked_page, pages
from portal.web.refusals import sentence_of
from portal.web.request import db, me, only_asks, parts, write_now

blueprint = Blueprint("gaps", __name__)

READS = needs(Permission.WRITE_ARTICLES, Permission.PUBLISH_ARTICLES, Permission.READ_ALL_TICKETS)
DECIDES = needs(Permission.WRITE_ARTICLES)
PER_PAGE = 20


@blueprint.get("/knowledge/gaps")
@READS
def page() -> str:
    wanted = wanted_of(request.args)
    found = gaps_listed(db(), wanted, limit=PER_PAGE, offset=(asked_page() - 1) * PER_PAGE)
    return render_template(
        "gaps/page.html",
        wanted=wanted,
        found=found,
        cursor=pages(found.total, per_page=PER_PAGE),
        arguments=arguments(),
        systems=system_names(),
        units=[unit for unit in units_in_order(db()) if unit.kind != "department"],
        states=GapState,
        orders=Order,
        all=ALL,
        weeks=LATELY.days // 7,
        decides=me().may(Permission.WRITE_ARTICLES),
    )


@blueprint.post("/knowledge/gaps/export")
@READS
@only_asks
def export() -> Response:
    """The list on the screen as a file; who took it is written down."""
    file, count = written(wanted_of(request.form))
    moment = now(db()).astimezone(parts().settings.zone)
    audit.record(write_now(), "export", "gaps", subject_id="csv", by=me(), gaps=count)
    name = f"gaps-{moment:%Y%m%d-%H%M}.csv"
    return send_file(file, "text/csv; charset=utf-8", as_attachment=True, download_name=name)


@blueprint.get("/knowledge/gaps/<int:number>")
@READS
def record(number: int) -> str:
    return _drawn(_gap(number))


def _gap(number: int) -> Gap:
    return gap_by_id(db(), number) or abort(404)


def _drawn(gap: Gap, *, problem: str = "") -> str:
    decides = me().may(Permission.WRITE_ARTICLES)
    return render_template(
        "gaps/record.html",
        record=record_of(db(), gap, me()),
        gap=gap,
        systems=system_names(),
        problem=problem,
        typed=request.form,
        steps={row.action for row in open_to(gap.state)} if decides else set(),
        editors=_editors() if decides else [],
        decides=decides,
        offers_words=decides and gap.state == GapState.OPEN and _is_readable(gap.nearest),
    )


def _is_readable(article: Article | None) -> bool:
    return article is not None and article.state in READABLE


def _editors() -> list[Person]:
    """Those whose post lets them write articles."""
    holds = select(PersonPost.person_id).where(PersonPost.post.in_(posts_with(Permission.WRITE_ARTICLES)))
    return list(db().scalars(select(Person).where(Person.active, Person.id.in_(holds)).order_by(Person.name)))


@blueprint.app_template_global()
def gap_article(article: Article | None) -> Article | None:
    """The article beside a gap, for those who may know of it."""
    return article if may_be_named(article, me()) else None


# ── decisions ────────────────────────────────────────────────────────────────────────────────────


@blueprint.post("/knowledge/gaps/<int:number>/<action>")
@DECIDES
def decide(number: int, action: str) -> Response:
    if action not in DEEDS:
        abort(404)
    gap = _gap(number)
    try:
        said = DEEDS[action](gap)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return make_response(_drawn(_gap(number), problem=sentence), 422)
    flash(said, "success")
    return redirect(url_for("gaps.record", number=number))


def _dismissed(gap: Gap) -> str:
    deciding.dismiss(db(), gap, reason=request.form.get("reason", ""), by=me())
    return _("已标为不需要，原因留在记录里。")


def _reopened(gap: Gap) -> str:
    deciding.reopen(db(), gap, by=me(), note=request.form.get("reason", ""))
    return _("已重新打开。")


def _laid_back(gap: Gap) -> str:
    deciding.lay_back(db(), gap, by=me())
    return _("已放回待处理。")


def _assigned(gap: Gap) -> str:
    login = request.form.get("person", "")
    person = (person_by_login(db(), login) or abort(404)) if login else None
    deciding.assign(db(), gap, person, by=me())
    return _("已交给%(name)s。", name=named(person)) if person else _("已不再归任何人。")


def _settled(gap: Gap) -> str:
    deciding.settle(db(), gap, _article(), by=me())
    return _("已标为已解决，之后会看它是不是真的少了。")


def _adopted(gap: Gap) -> str:
    deciding.adopt(db(), gap, _article(), by=me())
    return _(
        "已记下由 %(number)s 来回答，发布后自动转为已解决。", number=gap.article.number if gap.article else ""
    )


def _words_added(gap: Gap) -> str:
    """It exists, but is not found: the askers' words are added to it."""
    article = _article()
    added = growing.add_questions(db(), article, request.form.getlist("wording"), by=me())
    deciding.settle(db(), gap, article, by=me(), note=_("补充了用户的问法"))
    return _(
        "已把 %(n)s 句问法加到 %(number)s，之后会看它是不是真的少了。", n=len(added), number=article.number
    )


def _article() -> Article:
    article = article_by_number(db(), request.form.get("article", "")[:40])
    if article is None:
        raise Refused(_("没有这个编号的知识，请核对后再填。"))
    return article


DEEDS: dict[str, Callable[[Gap], Any]] = {
    "dismiss": _dismissed,
    "reopen": _reopened,
    "lay-back": _laid_back,
    "assign": _assigned,
    "settle": _settled,
    "adopt": _adopted,
    "words": _words_added,
}
