"""Defects that an article tells of and that are repaired: in how many of its readers' units the repair runs.

Five statements for all articles together. A repair from before the words were vouched for is no news.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from defects.flow import DefectState
from defects.models import Defect, DefectArticle, DefectMove
from defects.signatures import runs_fix
from portal.catalogue.models import Deployment, System
from portal.catalogue.queries import running, today
from portal.catalogue.rollout import SHOWN
from portal.curation.decay.rules import Fix
from portal.people.models import Unit

REPAIRED = (DefectState.FIXED, DefectState.VERIFIED, DefectState.CLOSED)
#: What is news to an article: that it was repaired, and that the repair holds.
NEWS = (DefectState.FIXED, DefectState.VERIFIED)


class Told(Protocol):
    """What must be known of an article: its readers' units, and since when evidence counts."""

    @property
    def id(self) -> int: ...

    @property
    def units(self) -> tuple[str, ...]: ...

    @property
    def since(self) -> datetime: ...


def fixes_of(session: Session, articles: Sequence[Told]) -> dict[int, list[Fix]]:
    """Article → the repaired defects it tells of, for articles that tell of any."""
    tied = _tied(session)
    if not tied:
        return {}
    paths = dict(session.execute(select(Unit.code, Unit.path).where(Unit.active, Unit.kind.in_(SHOWN))).all())
    versions = _versions(session)
    found: dict[int, list[Fix]] = {}
    for article in articles:
        told = [defect for defect, at in tied.get(article.id, ()) if at > article.since]
        if told:
            units = _read_in(article.units, paths)
            found[article.id] = [_fix(defect, units, versions.get(defect.system, {})) for defect in told]
    return found


def _tied(session: Session) -> dict[int, list[tuple[Defect, datetime]]]:
    """Article → repaired defects with the moment of the latest news of it."""
    moved = (
        select(DefectMove.defect_id, func.max(DefectMove.at).label("at"))
        .where(DefectMove.end.in_(NEWS))
        .group_by(DefectMove.defect_id)
        .subquery()
    )
    rows = session.execute(
        select(DefectArticle.article_id, Defect, func.coalesce(moved.c.at, Defect.updated_at))
        .join(Defect, Defect.id == DefectArticle.defect_id)
        .outerjoin(moved, moved.c.defect_id == Defect.id)
        .where(Defect.state.in_(REPAIRED))
        .order_by(Defect.id)
    )
    found: dict[int, list[tuple[Defect, datetime]]] = {}
    for number, defect, at in rows:
        found.setdefault(number, []).append((defect, at))
    return found


def _versions(session: Session) -> dict[str, dict[str, str]]:
    """System → path of a unit → the version that runs there; the empty path is everywhere else."""
    day = today(session)
    found = {code: {"": version} for code, version in session.execute(select(System.code, System.version))}
    rows = session.execute(
        select(System.code, Unit.path, Deployment)
        .join(Deployment, Deployment.system_id == System.id)
        .join(Unit, Unit.id == Deployment.unit_id)
    )
    for code, path, deployment in rows:
        found[code][path] = _runs(deployment, day) or found[code].get("", "")
    return found


def _runs(row: Deployment, day: date) -> str:
    return running(row, day)


def _read_in(units: Collection[str], paths: Mapping[str, str]) -> list[str]:
    """Paths of the units whose people read it: all, or those that it is for and what is below them."""
    if not units:
        return list(paths.values())
    tops = [paths[code] for code in units if code in paths]
    return [path for path in paths.values() if any(path.startswith(top) for top in tops)]


def _fix(defect: Defect, units: Sequence[str], versions: Mapping[str, str]) -> Fix:
    reached = sum(runs_fix(_version_at(path, versions), defect.fixed_in) for path in units)
    return Fix(defect.number, defect.fixed_in or "", len(units), reached)


def _version_at(path: str, versions: Mapping[str, str]) -> str:
    above = [known for known in versions if path.startswith(known)]
    return versions[max(above, key=len)] if above else ""
