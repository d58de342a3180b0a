"""The list of what to check again, what each reason rests on, and looking after several articles at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from indexer.words import N_
from kb import care
from kb.flow import Duty, Refused
from kb.models import Article, AtExpiry
from portal.curation import keepers, rounds
from portal.curation.decay import listing
from portal.curation.decay.grounds import grounds_of
from portal.curation.decay.rules import ENOUGH, SENTENCES, SIGN_LABELS, Sign
from portal.curation.quality import standing
from portal.curation.quality.checks import BY_KEY, CHECKS
from portal.people.duties import article_duties
from portal.people.models import Person
from portal.people.queries import people_by_id, person_by_login
from portal.web import times
from portal.web.access import needs
from portal.web.care_rooms import WORKERS, asked_system, blueprint, shared, turned
from portal.web.editor_lists import steps_open, today
from portal.web.knowledge_pages import known_article
from portal.web.labels import translated
from portal.web.move_forms import day_in
from portal.web.request import db, me

__all__ = ["blueprint"]

MOST_AT_ONCE = 200
MINE, NOBODY = "mine", "nobody"


@blueprint.get("/knowledge/recheck")
@needs(*WORKERS)
def recheck() -> str:
    asked = _asked()
    rows, cursor = turned(listing.to_check(asked, today=today()))
    articles = db().scalars(rows).all()
    return render_template(
        "care/recheck.html",
        here="care.recheck",
        articles=articles,
        cursor=cursor,
        asked=asked,
        owner=request.args.get("owner", ""),
        reasons=listing.reasons_of(db(), articles),
        marks=listing.marks_of(db(), articles),
        counts=listing.counts_by_sign(db(), today=today()),
        signs=SIGN_LABELS,
        people=people_by_id(db(), [row.owner_id for row in articles]),
        owners=keepers.owners_offered(db()),
        may_arrange=Duty.PUBLISH in article_duties(me()),
        looked_at=rounds.done_at(db(), rounds.DECAY),
        enough=ENOUGH,
        **shared(),
    )


def _asked() -> listing.Asked:
    sign, owner = request.args.get("sign", ""), request.args.get("owner", "")
    return listing.Asked(
        system=asked_system(),
        sign=Sign(sign) if sign in set(Sign) else None,
        owner={MINE: me().id, NOBODY: 0}.get(owner),
        snoozed=request.args.get("snoozed") == "1",
    )


@blueprint.app_template_global()
def reason_sentence(signal: object) -> str:
    """A reason in the viewer's language, with its numbers."""
    facts = {name: _spoken(name, value) for name, value in getattr(signal, "facts", {}).items()}
    sentence = SENTENCES[Sign(getattr(signal, "sign", ""))]
    return translated(sentence, **facts) if facts else _(sentence)


def _spoken(name: str, value: object) -> str:
    """A day as people write it, anything else as it is."""
    return times.day(date.fromisoformat(str(value))) if name == "day" else str(value)


@blueprint.get("/knowledge/<number>/evidence")
@needs(*WORKERS)
def evidence(number: str) -> str:
    """Everything that speaks against one article, each thing to be looked at."""
    article = known_article(number)
    grounds = grounds_of(db(), article, me())
    said = [*grounds.verdicts, *grounds.flags]
    return render_template(
        "care/evidence.html",
        here="care.recheck",
        article=article,
        reasons=listing.reasons_of(db(), [article])[article.id],
        mark=listing.marks_of(db(), [article]).get(article.id),
        grounds=grounds,
        signs=SIGN_LABELS,
        steps=steps_open(article),
        people=people_by_id(db(), [article.owner_id, *(row.person_id for row in said)]),
        **shared(),
    )


# ── how one article stands, beside its history ───────────────────────────────────────────────────


@blueprint.app_template_global()
def standing_of(article: Article) -> dict[str, object]:
    """The article's score this moment, what would raise it, who looks after it."""
    score = standing.score_now(db(), article, today=today())
    duties = article_duties(me(), article)
    return {
        "score": score,
        "missing": [BY_KEY[key] for key in score.missing],
        "checks": CHECKS,
        "owner": people_by_id(db(), [article.owner_id]).get(article.owner_id or 0),
        "reasons": listing.reasons_of(db(), [article])[article.id],
        "may_arrange": Duty.PUBLISH in duties,
        "may_hand_on": Duty.PUBLISH in duties or (Duty.WRITE in duties and article.owner_id == me().id),
        "owners": keepers.owners_offered(db()),
        "endings": list(AtExpiry),
    }


@blueprint.post("/knowledge/<number>/care/<deed>")
@needs(*WORKERS)
def arrange(number: str, deed: str) -> Response:
    """Give one article another owner, another review date, an end."""
    article = known_article(number)
    hand = keepers.hand_of(me(), article)
    match deed:
        case "owner":
            keepers.entrust(db(), article, _owner(), by=me())
        case "review":
            care.set_review(db(), article, _day("review_on"), hand=hand)
        case "expiry":
            chosen = request.form.get("at_expiry", "")
            at_expiry = AtExpiry(chosen) if chosen in set(AtExpiry) else AtExpiry.RECHECK
            care.set_expiry(
                db(), article, day_in(request.form.get("expires_on", "")), at_expiry=at_expiry, hand=hand
            )
        case _:
            abort(404)
    flash(_("已记录。"), "success")
    return redirect(url_for("knowledge.history", number=article.number))


# ── several at once ──────────────────────────────────────────────────────────────────────────────


@blueprint.post("/knowledge/care")
@needs(*WORKERS)
def arrange_many() -> Response | str:
    """First what would be done to which articles; done when that is confirmed."""
    articles, deed = _ticked(), request.form.get("deed", "")
    if deed not in ("owner", "review"):
        abort(404)
    if not articles:
        raise Refused(N_("请先勾选要处理的知识。"))
    owner = _owner() if deed == "owner" else None
    day = _day("review_on") if deed == "review" else None
    if not request.form.get("confirmed"):
        return render_template(
            "care/confirm.html", here="care.recheck", articles=articles, deed=deed, owner=owner, day=day
        )
    for article in articles:
        if owner is not None:
            keepers.entrust(db(), article, owner, by=me())
        elif day is not None:
            care.set_review(db(), article, day, hand=keepers.hand_of(me(), article))
    flash(_("已处理 %(count)s 篇。", count=len(articles)), "success")
    return redirect(url_for("care.recheck"))


def _ticked() -> Sequence[Article]:
    numbers = list(dict.fromkeys(request.form.getlist("article")))
    if len(numbers) > MOST_AT_ONCE:
        raise Refused(N_("一次最多处理 %(count)s 篇，请分几次。"), count=MOST_AT_ONCE)
    return db().scalars(select(Article).where(Article.number.in_(numbers)).order_by(Article.number)).all()


def _owner() -> Person:
    person = person_by_login(db(), request.form.get("owner", ""))
    if person is None:
        raise Refused(N_("请选择交给谁负责。"))
    return person


def _day(name: str) -> date:
    day = day_in(request.form.get(name, ""))
    if day is None:
        raise Refused(N_("请选择日期。"))
    return day
