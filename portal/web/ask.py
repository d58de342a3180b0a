"""Asking for help: one box, answers beside it, and a ticket when none of them fits.

The answers have their own views in ``answer_pages``. Everything works without JavaScript: the
page is then posted with ``step=look`` to see answers and with ``step=file`` to file. The invariant:
whatever is refused, what was typed comes back.
"""

from __future__ import annotations

from flask import (
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response as BaseResponse
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import AnyOf, InputRequired, Length, Optional

from indexer.words import N_
from kb.flow import Refused
from kb.models import Article
from kb.queries import article_by_number, is_readable
from portal.catalogue.models import System
from portal.catalogue.queries import system_by_code, systems_in_order
from portal.finder import suggest as consultations
from portal.finder.carried import carry
from portal.finder.clarify import About, Reply
from portal.tickets import desk
from portal.tickets.filing import clean
from portal.tickets.models import Ticket
from portal.tickets.words import CATEGORY_DOORS, IMPACT_LABELS, URGENCY_LABELS, Category
from portal.web.access import signed_in
from portal.web.answer_pages import blueprint
from portal.web.answers import Answers, answers_for, remembered, unanswered
from portal.web.clarifying import pressed_in, replies_in, words_of
from portal.web.files import attach_to
from portal.web.forms import Form
from portal.web.information import Asked, answers_from, asked_about, typed_in
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, only_asks, parts, viewer

#: Groups of systems that a grid company usually has, with their English; others read as they were written.
USUAL_GROUPS = frozenset(
    {
        N_("财务资产"),
        N_("人力资源"),
        N_("基建规划"),
        N_("基础平台"),
        N_("安全监管"),
        N_("数据服务"),
        N_("法律合规"),
        N_("物资供应链"),
        N_("生产运行"),
        N_("综合办公"),
        N_("营销服务"),
    }
)


class AskForm(Form):
    """What an employee tells; system and category may be left to the proposal."""

    text = TextAreaField(
        _l("遇到了什么问题？"),
        validators=[
            InputRequired(_l("请写一两句话说明遇到了什么问题。")),
            Length(max=desk.TEXT_LIMIT, message=_l("内容太长，请控制在 2 万字以内，其余放进附件。")),
        ],
    )
    category = StringField(validators=[Optional(), AnyOf([row.value for row in Category])])
    system = StringField()
    impact = IntegerField(_l("影响到谁？"), default=3, validators=[Optional()])
    urgency = IntegerField(_l("有多急？"), default=2, validators=[Optional()])
    module = StringField()
    sub = StringField()
    article = StringField()
    token = HiddenField()

    @property
    def words(self) -> str:
        return (self.text.data or "").strip()

    @property
    def replies(self) -> tuple[Reply, ...]:
        return replies_in(request.form)

    @property
    def told(self) -> str:
        """The words with what was replied to our question: what the ticket is filed with."""
        replied = words_of(self.replies, between=_("、"))
        besides = _("另外说明：%(words)s", words=replied)
        return f"{self.words}\n{besides}" if replied else self.words

    def replied(self, about: About) -> str:
        return next((reply.value for reply in self.replies if reply.about is about), "")


@blueprint.route("/ask", methods=["GET", "POST"])
@signed_in
def page() -> BaseResponse | str:
    if request.method == "GET":
        return _page(AskForm(request.args, meta={"csrf": False}))
    form = AskForm()
    if request.form.get("step") == "file":
        return _file(form)
    # Without JavaScript: answers first, before anything is filed.
    pressed = pressed_in(request.form)
    if pressed is not None and pressed.about is About.SYSTEM and pressed.value:
        form.system.data = pressed.value  # what the page had proposed until now yields to what they say
    return _page(form, answers=remembered(_answers_of(form)))


@blueprint.post("/ask/fields")
@signed_in
@only_asks
def fields() -> tuple[str, int]:
    """What the chosen system wants to know; nothing new when the page shows that form already."""
    asked = _asked(AskForm())
    shown = request.form.get("sheet", "")
    offered = bool({"module", "sub"} & set(request.form))
    if asked.key == shown and (shown or not (asked.is_worth_a_place or offered)):
        return "", 204
    return render_template("ask/_fields.html", asked=asked), 200


def _asked(form: AskForm) -> Asked:
    """The information form of what is chosen now, with what was typed into it."""
    category = form.category.data
    return asked_about(
        system_by_code(db(), form.system.data),
        Category(category) if category in set(Category) else None,
        module=form.module.data or "",
        sub=form.sub.data or "",
        typed=typed_in(request.form),
    )


def _carried(form: AskForm) -> Article | None:
    """The article that was read and did not help; one that they may not read is none."""
    article = article_by_number(db(), form.article.data) if form.article.data else None
    return article if article is not None and is_readable(article, viewer()) else None


def _answers_of(form: AskForm) -> Answers:
    return answers_for(
        form.words, form.system.data, form.category.data, token=form.token.data, replies=form.replies
    )


def _page(form: AskForm, *, answers: Answers | None = None, problem: str = "") -> str:
    answers = answers or unanswered(form.words, token=form.token.data)
    form.system.data = form.system.data or answers.system
    form.category.data = form.category.data or answers.category
    form.token.data = answers.token
    systems = systems_in_order(db())
    return render_template(
        "ask/page.html",
        form=form,
        asked=_asked(form),
        answers=answers,
        carried=_carried(form),
        groups=_grouped(systems),
        chosen=next((row for row in systems if row.code == form.system.data), None),
        doors=CATEGORY_DOORS,
        scales=[(form.impact, IMPACT_LABELS), (form.urgency, URGENCY_LABELS)],
        problem=problem,
        limit_mb=parts().settings.upload_limit_mb,
    )


def _grouped(systems: list[System]) -> dict[str, list[System]]:
    groups: dict[str, list[System]] = {}
    for system in systems:
        name = _(system.group) if system.group in USUAL_GROUPS else system.group
        groups.setdefault(name, []).append(system)
    return groups


# ── filing ───────────────────────────────────────────────────────────────────────────────────────


def _file(form: AskForm) -> BaseResponse:
    try:
        ticket = _filed(form)
    except Refused as refusal:
        return _refused(form, sentence_of(refusal))
    told = _("已提交，工单编号 %(number)s。有进展会通知您，也可以随时在这里查看。", number=ticket.number)
    flash(told, "success")
    address = url_for("mine.ticket", number=ticket.number)
    return Response(headers={"HX-Redirect": address}) if is_fragment() else redirect(address)


def _filed(form: AskForm) -> Ticket:
    if not form.validate():
        raise Refused(str(next(iter(form.errors.values()))[0]))
    if (former := _filed_before(form)) is not None:
        return former
    ticket = desk.file(db(), _request_of(form), by=me())
    if brought := [storage for storage in request.files.getlist("files") if storage.filename]:
        attach_to(ticket, brought)
    consultations.filed(db(), _session_of(form, ticket), by=me(), ticket=ticket)
    return ticket


def _session_of(form: AskForm, ticket: Ticket) -> str | None:
    """The session of suggestion that ends with this ticket, with the article it began with."""
    article = _carried(form)
    if article is None:
        return form.token.data
    system = ticket.system.code
    return carry(db(), form.token.data, by=me(), text=form.words, system=system, article=article).token


def _filed_before(form: AskForm) -> Ticket | None:
    """The ticket of this very text: a page sent twice by an impatient click files once."""
    former = consultations.consultation_of(db(), form.token.data, by=me())
    ticket = db().get(Ticket, former.ticket_id) if former is not None and former.ticket_id else None
    return ticket if ticket is not None and ticket.text == clean(form.told) else None


def _request_of(form: AskForm) -> desk.Request:
    guess = parts().finder.predict(db(), me(), form.words)
    proposed = guess.system.value if guess.system else None
    system = system_by_code(db(), form.system.data or form.replied(About.SYSTEM) or proposed)
    if system is None or not system.active:
        raise Refused(N_("请选择是哪个系统的问题，这样能直接找到负责的人。"))
    category = form.category.data or (guess.category.value if guess.category else None)
    if not category:
        raise Refused(N_("请选一个最接近的类别；选得不准也没关系，服务台会核对。"))
    guessed = guess.module.value if guess.module and proposed == system.code else ""
    guessed = form.replied(About.MODULE) or guessed
    module = (form.module.data or "") if form.module.raw_data else guessed
    sub = form.sub.data or ""
    asked = asked_about(system, Category(category), module=module, sub=sub, typed=typed_in(request.form))
    return desk.Request(
        text=form.told,
        category=Category(category),
        system=system,
        requester=me(),
        sub=asked.sub,
        module=asked.module or None,
        answers=answers_from(asked, pictures=_pictures()),
        impact=form.impact.data or 3,
        urgency=form.urgency.data or 2,
    )


def _pictures() -> int:
    return sum(storage.mimetype.startswith("image/") for storage in request.files.getlist("files"))


def _refused(form: AskForm, sentence: str) -> BaseResponse:
    db().rollback()
    if is_fragment():
        return make_response(render_template("ask/_problem.html", problem=sentence), 422)
    return make_response(_page(form, answers=_answers_of(form), problem=sentence), 422)
