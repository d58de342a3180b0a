"""Each learning as a row: asked for on the page, begun by the worker or the command, ended with its figures.

The learning itself is ``portal.finder.learning``. The invariants: at most one is asked for at a time; a row
says what was compared with what on which judgements, and is never changed after its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.finder.lessons.models import LearningFigures, LearningRun, RunKind, RunState
from portal.finder.lessons.outcomes import Learning, Outcome
from portal.people import audit
from portal.people.models import Person
from portal.people.roles import Permission

SUBJECT = "learning"
#: Without a sign of life for so long, a learning was cut off.
LOST = timedelta(hours=1)
CUT_OFF = N_("学习中途断了，什么都没有改。可以再学一次。")


def ask(session: Session, *, by: Person) -> LearningRun:
    """Have the worker learn as soon as it can."""
    check(by)
    if pending(session) is not None:
        raise Refused(N_("已经有一次学习在等待或进行，完成后再来。"))
    run = LearningRun(by_id=by.id, asked_at=now(session))
    session.add(run)
    session.flush()
    audit.record(session, "ask", SUBJECT, subject_id=run.id, by=by)
    return run


def check(by: Person) -> None:
    if not by.may(Permission.STEER_LEARNING):
        raise Refused(N_("您的岗位不能启动或退回学习。"))


def pending(session: Session) -> LearningRun | None:
    """The one that waits or goes on now."""
    return session.scalars(_in(RunState.WAITING, RunState.RUNNING).where(_alive(now(session)))).first()


def waiting(session: Session) -> LearningRun | None:
    """The one that the worker should begin."""
    return session.scalars(_in(RunState.WAITING)).first()


def _in(*states: RunState) -> Select[LearningRun]:
    return select(LearningRun).where(LearningRun.state.in_(states)).order_by(LearningRun.id)


def _alive(moment: datetime) -> ColumnElement[bool]:
    return (LearningRun.state == RunState.WAITING) | (LearningRun.beat_at > moment - LOST)


def begin(session: Session) -> LearningRun:
    """The one that was asked for, or one that nobody had to ask for; what was cut off is closed."""
    moment = now(session)
    for lost in session.scalars(_in(RunState.RUNNING).where(LearningRun.beat_at <= moment - LOST)):
        _fail(lost, moment, CUT_OFF)
    run = waiting(session) or LearningRun(asked_at=moment)
    run.state, run.begun_at, run.beat_at = RunState.RUNNING, moment, moment
    session.add(run)
    session.flush()
    return run


def beat(session: Session, run_id: int, doing: str, *, done: int, total: int) -> None:
    """A sign of life, and how far it is."""
    run = session.get(LearningRun, run_id)
    if run is not None:
        run.doing, run.done, run.total, run.beat_at = doing, done, total, now(session)


def finish(session: Session, run_id: int, learning: Learning) -> None:
    """Keep what came of it."""
    run = session.get(LearningRun, run_id)
    if run is None:
        return
    run.state, run.ended_at = RunState.DONE, now(session)
    run.judged, run.outcomes = learning.judged, [one.as_dict() for one in learning.outcomes]
    for one in learning.outcomes:
        _keep_figures(session, run, one)


def _keep_figures(session: Session, run: LearningRun, outcome: Outcome) -> None:
    for version, figures in outcome.held_out.items():
        session.add(LearningFigures(run=run, name=outcome.name, version=version, figures=figures))


def fail(session: Session, run_id: int, fault: str) -> None:
    run = session.get(LearningRun, run_id)
    if run is not None and run.state == RunState.RUNNING:
        _fail(run, now(session), fault)


def abandon(session: Session) -> None:
    """The process that learned is gone: what it had begun will not end."""
    for run in session.scalars(_in(RunState.RUNNING)):
        _fail(run, now(session), CUT_OFF)


def _fail(run: LearningRun, moment: datetime, fault: str) -> None:
    run.state, run.ended_at, run.fault = RunState.FAILED, moment, fault


def note_rollback(
    session: Session, names: Sequence[str], versions: Sequence[str], *, by: Person | None
) -> LearningRun:
    """A step back stands in the same list."""
    moment = now(session)
    taken = [{"name": name, "version": version} for name, version in zip(names, versions, strict=True)]
    run = LearningRun(
        kind=RunKind.ROLLBACK,
        state=RunState.DONE,
        by_id=by.id if by else None,
        asked_at=moment,
        begun_at=moment,
        ended_at=moment,
        outcomes=taken,
    )
    session.add(run)
    session.flush()
    return run


# ------------------------------------------------------------------ reading them


def listed() -> Select[LearningRun]:
    """Newest first."""
    return select(LearningRun).order_by(LearningRun.id.desc())


def last_learned(session: Session) -> LearningRun | None:
    """The last learning that went to its end."""
    wanted = listed().where(LearningRun.kind == RunKind.LEARN, LearningRun.state == RunState.DONE)
    return session.scalars(wanted.limit(1)).first()


def figures_of(session: Session, name: str, version: str) -> LearningFigures | None:
    """How what serves now did the last time it was measured."""
    wanted = (
        select(LearningFigures)
        .where(LearningFigures.name == name, LearningFigures.version == version)
        .order_by(LearningFigures.id.desc())
    )
    return session.scalars(wanted.limit(1)).first()
