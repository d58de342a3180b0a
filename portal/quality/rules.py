# ruff: noqa: E501 - an aligned table
"""Sampling rules: written, switched off and on by administrators. What they draw is in ``sampling``.

The invariant: a rule looks at tickets that were closed after it came into force, never back.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.flow import Refused
from portal.catalogue.models import System
from portal.people.audit import record
from portal.people.models import Person, Unit
from portal.people.roles import Permission
from portal.quality.models import FollowUp, Inspection, SamplingRule
from portal.quality.words import Kind, Per
from portal.tickets.words import Category, Channel

SUBJECT = "sampling_rule"
MOST_TRIES = 9
MOST_A_DAY = 999


@dataclass(frozen=True, slots=True)
class RuleText:
    """What an administrator writes; an empty list and None ask for nothing."""

    kind: Kind
    name: str
    percentage: int
    categories: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    rating_at_most: int | None = None
    reopened: bool = False
    overdue: bool = False
    at_most: int | None = None
    per: Per = Per.AGENT
    tries: int = 3


def save(
    session: Session, rule: SamplingRule | None, text: RuleText, *, by: Person, salt: str = ""
) -> SamplingRule:
    """A new rule, or another wording of one; ``salt`` is for those who need the same draw again."""
    _check(by)
    _check_text(session, text)
    if rule is None:
        rule = SamplingRule(kind=text.kind, salt=salt or secrets.token_hex(8), since=now(session))
        session.add(rule)
    values = {**asdict(text), "name": text.name.strip()}
    for name, value in values.items():
        setattr(rule, name, sorted(value) if isinstance(value, tuple) else value)
    session.flush()
    record(session, "save", SUBJECT, subject_id=rule.id, by=by, **_plain(values))
    return rule


def set_active(session: Session, rule: SamplingRule, active: bool, *, by: Person) -> None:
    """Put a rule out of force, or into it again from now on."""
    _check(by)
    if active and not rule.active:
        rule.since = now(session)
    rule.active = active
    session.flush()
    record(session, "revive" if active else "retire", SUBJECT, subject_id=rule.id, by=by, name=rule.name)


def every_rule(session: Session) -> list[SamplingRule]:
    """In the order in which they are asked, those in force first."""
    order = (SamplingRule.kind, SamplingRule.active.desc(), SamplingRule.percentage.desc(), SamplingRule.id)
    return list(session.scalars(select(SamplingRule).order_by(*order)))


def drawn_by(session: Session) -> dict[int, int]:
    """Rule id → how many tickets it has drawn."""
    counts: dict[int, int] = {}
    for target in (FollowUp, Inspection):
        rows = session.execute(select(target.rule_id, func.count()).group_by(target.rule_id))
        counts.update(dict(rows.all()))
    return counts


def _check(by: Person) -> None:
    if not by.may(Permission.MANAGE_QUALITY):
        raise Refused(N_("只有服务经理和系统管理员可以改抽样规则和评分表。"))


def _check_text(session: Session, text: RuleText) -> None:
    for wrong, sentence in (
        (not 0 < len(text.name.strip()) <= 100, N_("请填写名称，不超过 100 字。")),
        (not 1 <= text.percentage <= 100, N_("抽取比例要在 1 到 100 之间。")),
        (text.rating_at_most not in (None, 1, 2, 3, 4, 5), N_("评分只有 1 到 5 分。")),
        (text.at_most is not None and not 1 <= text.at_most <= MOST_A_DAY, N_("每天上限要在 1 到 999 之间。")),
        (not 1 <= text.tries <= MOST_TRIES, N_("最多联系几次，要在 1 到 9 之间。")),
        (not set(text.categories) <= set(Category), N_("请选择请求类别。")),
        (not set(text.channels) <= set(Channel), N_("请选择渠道。")),
        (not _are_known(text.systems, session.scalars(select(System.code)).all()), N_("请选择目录里有的系统。")),
        (not _are_known(text.units, session.scalars(select(Unit.code)).all()), N_("请选择目录里有的单位。")),
    ):  # fmt: skip
        if wrong:
            raise Refused(sentence)


def _are_known(asked: Collection[str], known: Collection[str]) -> bool:
    return set(asked) <= set(known)


def _plain(values: dict[str, object]) -> dict[str, object]:
    """What the audit keeps: only what was asked for."""
    return {name: value for name, value in values.items() if value not in (None, (), False)}
