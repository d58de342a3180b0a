"""Administration of what carries the desk's news outside: the state of mail, and robots (webhooks).

Views read a form and call one verb of ``portal.delivery.robots``; sending is the worker's.
"""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from kb.flow import Refused
from portal.catalogue.queries import systems_in_order
from portal.delivery import robots
from portal.delivery.figures import standing
from portal.delivery.models import KIND_LABELS, Delivery, Kind, Status, Webhook
from portal.people.roles import Permission
from portal.tickets.notices import TABLE
from portal.web.access import needs
from portal.web.forms import Form
from portal.web.labels import named, translated
from portal.web.refusals import sentence_of
from portal.web.request import db, me, parts

blueprint = Blueprint("robots", __name__)
#: Failures of mail that the page shows.
LINES = 10
#: While these are there the page asks again by itself.
UNDER_WAY = (Status.WAITING,)


class RobotForm(Form):
    name = StringField(_l("名字"), validators=[InputRequired(_l("请填写名字。")), Length(max=100)])
    kind = SelectField(_l("种类"))
    url = StringField(_l("机器人的网址"), validators=[Length(max=1000)])
    secret = StringField(_l("加签密钥"), validators=[Length(max=200)])
    events = SelectMultipleField(_l("通知哪些事"))
    systems = SelectMultipleField(_l("只通知这些系统"))
    with_title = BooleanField(_l("消息里带工单标题"))

    def invitation(self) -> robots.Invitation:
        """What was typed, as the verb wants it."""
        return robots.Invitation(
            name=str(self.name.data),
            kind=Kind(str(self.kind.data)),
            url=str(self.url.data or "").strip(),
            secret=str(self.secret.data or "").strip(),
            events=frozenset(self.events.data or ()),
            systems=frozenset(self.systems.data or ()),
            with_title=bool(self.with_title.data),
        )


def _form(hook: Webhook | None = None) -> RobotForm:
    """Address and secret are never sent back to a page."""
    kept = {} if hook is None else {"name": hook.name, "kind": hook.kind, "with_title": hook.with_title}
    form = RobotForm(data=kept if request.method == "GET" else None)
    form.kind.choices = [(kind.value, translated(text)) for kind, text in KIND_LABELS.items()]
    form.events.choices = [(row.event.value, translated(row.name)) for row in TABLE.values()]
    form.systems.choices = [(row.code, named(row)) for row in systems_in_order(db())]
    if request.method == "GET" and hook is not None:
        form.events.data, form.systems.data = list(hook.events), list(hook.systems)
    return form


@blueprint.get("/admin/robots")
@needs(Permission.MANAGE_WEBHOOKS)
def page() -> str:
    """Is mail going out, who listens outside, and what went wrong lately."""
    hooks = db().scalars(robots.robots()).all()
    return render_template(
        "robots/page.html",
        hooks=hooks,
        addresses={hook.id: robots.shown_address(hook) for hook in hooks},
        lately=_lately(hook.id for hook in hooks),
        standing=standing(db()),
        settings=parts().settings,
        failures=db().scalars(_mail_failures()).all(),
        **_words(),
    )


def _lately(ids: Iterable[int]) -> dict[int, Delivery]:
    newest = select(func.max(Delivery.id)).where(Delivery.hook_id.in_(list(ids))).group_by(Delivery.hook_id)
    return {row.hook_id or 0: row for row in db().scalars(select(Delivery).where(Delivery.id.in_(newest)))}


def _mail_failures() -> Select[Delivery]:
    failed = Delivery.status.in_((Status.FAILED, Status.GIVEN_UP))
    mails = select(Delivery).where(failed, Delivery.hook_id.is_(None))
    return mails.order_by(Delivery.id.desc()).limit(LINES)


def _words() -> dict[str, object]:
    return {"event_names": {row.event.value: row.name for row in TABLE.values()}, "Status": Status}


@blueprint.route("/admin/robots/new", methods=["GET", "POST"])
@needs(Permission.MANAGE_WEBHOOKS)
def new() -> Response | str | tuple[str, int]:
    form = _form()
    if request.method == "GET":
        return render_template("robots/form.html", form=form, hook=None)
    if not form.validate():
        return render_template("robots/form.html", form=form, hook=None), 422
    try:
        hook, secret = robots.invite(db(), form.invitation(), parts().settings, by=me())
    except Refused as refusal:
        db().rollback()
        problem = sentence_of(refusal)
        return render_template("robots/form.html", form=form, hook=None, problem=problem), 422
    if secret:
        return render_template("robots/secret.html", hook=hook, secret=secret)
    flash(_("已添加 %(name)s，请发一条测试消息。", name=hook.name), "success")
    return redirect(url_for("robots.robot", number=hook.id))


@blueprint.route("/admin/robots/<int:number>", methods=["GET", "POST"])
@needs(Permission.MANAGE_WEBHOOKS)
def robot(number: int) -> Response | str | tuple[str, int]:
    hook = _hook(number)
    form = _form(hook)
    if request.method == "GET":
        return _robot_page(hook, form)
    if not form.validate():
        return _robot_page(hook, form), 422
    try:
        robots.change(db(), hook, form.invitation(), parts().settings, by=me())
    except Refused as refusal:
        db().rollback()
        return _robot_page(_hook(number), form, sentence_of(refusal)), 422
    return _back(hook, _("已保存。"))


def _robot_page(hook: Webhook, form: RobotForm, problem: str = "") -> str:
    deliveries = db().scalars(robots.deliveries_of(hook)).all()
    return render_template(
        "robots/robot.html",
        hook=hook,
        form=form,
        problem=problem,
        address=robots.shown_address(hook),
        deliveries=deliveries,
        under_way=any(row.status in UNDER_WAY for row in deliveries),
        **_words(),
    )


@blueprint.post("/admin/robots/<int:number>/deeds")
@needs(Permission.MANAGE_WEBHOOKS)
def deed(number: int) -> Response | str:
    """Pause, let hear again, try out, renew the secret, send once more; the button says which."""
    hook, wanted = _hook(number), request.form.get("deed")
    if wanted == "secret":
        secret = robots.renew_secret(db(), hook, by=me())
        return render_template("robots/secret.html", hook=hook, secret=secret)
    return _back(hook, _done(hook, wanted))


def _done(hook: Webhook, wanted: str | None) -> str:
    """Do it and say what was done."""
    if wanted in ("on", "off"):
        robots.switch(db(), hook, on=wanted == "on", by=me())
        return _("已启用。") if wanted == "on" else _("已停用，不再发送。")
    if wanted == "try":
        robots.try_out(db(), hook, by=me())
        return _("测试消息已交给后台服务，结果在下面。")
    if wanted != "again":
        abort(400)
    robots.send_again(db(), _delivery(hook), by=me())
    return _("会再发一次，结果在下面。")


def _hook(number: int) -> Webhook:
    hook = db().get(Webhook, number)
    if hook is None:
        abort(404)
    return hook


def _delivery(hook: Webhook) -> Delivery:
    text = request.form.get("delivery", "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
    delivery = db().get(Delivery, number)
    if delivery is None or delivery.hook_id != hook.id:
        abort(404)
    return delivery


def _back(hook: Webhook, sentence: str) -> Response:
    flash(sentence, "success")
    return redirect(url_for("robots.robot", number=hook.id))
