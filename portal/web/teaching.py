"""The pages 匹配学习: what serves and how far it can be trusted, what was judged, each learning.

What is read is ``portal.finder.lessons``' and ``portal.causes.teaching``'s, deeds are their verbs. The
invariants: nothing is learned or measured in a web process, and before enough was judged no share is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, lazyload
from werkzeug.wrappers import Response

from indexer.confidence import LEAST_LABELS
from indexer.document import Mode
from indexer.promotion import NAMES
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.models import System
from portal.causes.teaching import listing, tally
from portal.causes.teaching.queue import Progress, progress
from portal.finder import learning, serving
from portal.finder.judgements import Provenance
from portal.finder.lessons import runs, striking
from portal.finder.lessons.held_out import EVERY
from portal.finder.lessons.models import LearningRun, Source
from portal.finder.lessons.outcomes import NAME_LABELS, VERDICT_LABELS
from portal.finder.serving import Serving
from portal.people.models import Person
from portal.people.roles import Permission, Post
from portal.web.access import needs
from portal.web.labels import label
from portal.web.paging import Pages, asked_page, pages
from portal.web.refusals import is_fragment, sentence_of
from portal.web.request import db, me, parts
from portal.web.teaching_charts import abouts, drawn

blueprint = Blueprint("teaching", __name__)

READS = needs(Permission.READ_LEARNING)
STEERS = needs(Permission.STEER_LEARNING)
#: Days; 0 means from the beginning.
LENGTHS = (30, 90, 182, 0)
USUAL_DAYS = 90
RUNS_PER_PAGE = 10


# ── what serves, and how far it can be trusted ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Card:
    """One thing that serves now; ``progress`` while its judgements are still too few."""

    name: str
    serving: Serving
    progress: Progress | None
    learned: bool

    @property
    def learned_at(self) -> datetime | None:
        return datetime.fromisoformat(self.serving.learned_at) if self.serving.learned_at else None


@dataclass(frozen=True, slots=True)
class Awaited:
    """How far away learning is where there was none yet, and what the reader can do about it."""

    links: Progress
    questions: int
    pending: LearningRun | None
    steers: bool
    learn_after: int


def _awaited(judged: Progress) -> Awaited:
    told = tally.tally_of(db(), since=None, systems=None)
    steers = me().may(Permission.STEER_LEARNING)
    return Awaited(judged, told.total.total(), runs.pending(db()), steers, parts().settings.learn_after)


@blueprint.get("/learning")
@READS
def page() -> str:
    index = parts().finder.index
    engine = "hybrid" if index.status().mode is Mode.HYBRID else "lexical"
    links, answers = serving.of_links(index), serving.of_search(index)
    measured = (
        runs.figures_of(db(), f"links_{engine}", links.version),
        runs.figures_of(db(), engine, answers.version),
    )
    offered = abouts(*measured)
    about, judged = _asked_about(offered), progress(db())
    return render_template(
        "teaching/page.html",
        here="teaching.page",
        cards=[
            Card(f"links_{engine}", links, judged, links.counted),
            Card(engine, answers, _answers_judged(engine), answers.counted),
        ],
        encoder=serving.of_encoder(index),
        names=NAME_LABELS,
        charts=[drawn("links", measured[0], about), drawn("answers", measured[1], about)],
        offered=offered,
        about=about,
        every=EVERY,
        last=runs.last_learned(db()),
        awaited=_awaited(judged) if None in measured else None,
        least=LEAST_LABELS,
    )


def _asked_about(offered: list[tuple[str, str, int]]) -> str:
    asked = request.args.get("category", EVERY)
    return asked if asked in {about for about, *_rest in offered} else EVERY


def _answers_judged(engine: str) -> Progress | None:
    """As counted by the last learning: only it knows how many hits the judged questions had."""
    last = runs.last_learned(db())
    pairs = [one["pairs"] for one in last.outcomes if one["name"] == engine] if last is not None else []
    return Progress(pairs[0]) if pairs else None


# ── what was judged ──────────────────────────────────────────────────────────────────────────────


@blueprint.get("/learning/judgements")
@READS
def judgements() -> str:
    return _judgements()


def _judgements(*, problem: str = "", typed: str = "", at: str = "") -> str:
    wanted, systems = _wanted(), tally.systems_of(me())
    days = _asked_days()
    since = now(db()) - timedelta(days=days) if days else None
    page_ = asked_page()
    found, total = listing.judged_of(db(), me(), wanted, limit=20, offset=(page_ - 1) * 20)
    return render_template(
        "teaching/judgements.html",
        here="teaching.judgements",
        tally=tally.tally_of(db(), since=since, systems=systems),
        days=days,
        lengths=LENGTHS,
        wanted=wanted,
        kinds=[kind for kind in Provenance if listing.may_read(me(), kind)],
        provenances=list(Provenance),
        systems=_systems(systems),
        found=found,
        cursor=Pages(page_, total),
        steers=me().may(Permission.STEER_LEARNING),
        post_name=_post_name,
        problem=problem,
        typed=typed,
        at=at,
    )


def _wanted() -> listing.Wanted:
    """What is listed; nonsense means the usual."""
    args = request.args
    asked = args.get("kind", "")
    kind = Provenance(asked) if asked in set(Provenance) else Provenance.LINKED
    system = args.get("system", "").strip()[:64].replace("\x00", "")
    return listing.Wanted(kind, system, args.get("struck") == "1")


def _asked_days() -> int:
    asked = request.args.get("days", "")
    return int(asked) if asked in {str(length) for length in LENGTHS} else USUAL_DAYS


def _systems(codes: frozenset[str] | None) -> dict[str, System]:
    rows = db().scalars(select(System).options(lazyload(System.modules)).order_by(System.group, System.id))
    return {row.code: row for row in rows if codes is None or row.code in codes}


def _post_name(post: str) -> str:
    return label(Post(post)) if post else _("用户自己")


@blueprint.post("/learning/judgements/<source>/<int:number>/<action>")
@STEERS
def mark(source: str, number: int, action: str) -> Response:
    """Strike a mistake out, or let it teach again."""
    if source not in set(Source) or action not in ("strike", "restore"):
        abort(404)
    reason = request.form.get("reason", "")
    try:
        said = _marked(Source(source), number, action, reason)
    except Refused as refusal:
        sentence = sentence_of(refusal)
        db().rollback()
        return make_response(_judgements(problem=sentence, typed=reason, at=f"{source}:{number}"), 422)
    flash(said, "success")
    return redirect(f"{url_for('teaching.judgements')}?{request.query_string.decode()}")


def _marked(source: Source, number: int, action: str, reason: str) -> str:
    if action == "strike":
        striking.strike(db(), source, number, reason=reason, by=me())
        return _("已划掉，不再用来学习；下次学习起生效，可以恢复。")
    striking.restore(db(), source, number, by=me())
    return _("已恢复，下次学习起重新计入。")


# ── each learning ────────────────────────────────────────────────────────────────────────────────


@blueprint.get("/learning/runs")
@READS
def learnings() -> str:
    if is_fragment():
        return render_template(
            "teaching/_pending.html", pending=runs.pending(db()), names=NAME_LABELS, is_poll=True
        )
    return _learnings()


def _learnings(*, problem: str = "") -> str:
    total = db().scalar(select(func.count()).select_from(LearningRun)) or 0
    cursor = pages(total, per_page=RUNS_PER_PAGE)
    rows = runs.listed().options(joinedload(LearningRun.by).lazyload(Person.posts))
    return render_template(
        "teaching/runs.html",
        here="teaching.learnings",
        runs=list(db().scalars(rows.limit(RUNS_PER_PAGE).offset(cursor.offset))),
        cursor=cursor,
        pending=runs.pending(db()),
        serving=_serving(),
        names=NAME_LABELS,
        verdicts=VERDICT_LABELS,
        steers=me().may(Permission.STEER_LEARNING),
        learn_after=parts().settings.learn_after,
        awaited=_awaited(progress(db())) if not total else None,
        problem=problem,
    )


def _serving() -> list[dict[str, Any]]:
    """Everything that can be learned, with what serves now."""
    promotions = parts().finder.index.promotions
    return [
        {
            "name": name,
            "version": learning.version_of(promotions, name),
            "learned": promotions.is_learned(name),
        }
        for name in NAMES
    ]


@blueprint.post("/learning/runs")
@STEERS
def learn_now() -> Response:
    """Asked for; the worker begins it."""
    try:
        runs.ask(db(), by=me())
    except Refused as refusal:
        return _refused(refusal)
    flash(_("已排队。后台进程几秒内开始，页面可以离开，完成后在这里看结果。"), "success")
    return redirect(url_for("teaching.learnings"))


@blueprint.post("/learning/rollback/<name>")
@STEERS
def roll_back(name: str) -> Response:
    if name not in NAMES:
        abort(404)
    try:
        taken = learning.take_back(db(), parts().finder.index.promotions, [name], by=me())
    except Refused as refusal:
        return _refused(refusal)
    if not taken:
        return make_response(_learnings(problem=_("没有可以退回的：现在用的就是随产品发布的。")), 422)
    flash(_("“%(name)s”已退回上一个。再退一次即回到随产品发布的。", name=_(NAME_LABELS[name])), "success")
    return redirect(url_for("teaching.learnings"))


def _refused(refusal: Refused) -> Response:
    sentence = sentence_of(refusal)
    db().rollback()
    return make_response(_learnings(problem=sentence), 422)
