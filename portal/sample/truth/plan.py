"""What happens in the made-up year: records, repairs, roll-outs, tickets and what is behind each. Pure.

Texts are the written material of the sample, a part of them told again with other openings and ends. A repair
that holds is never met again where it runs; one that doesn't is. The invariant: the same seed, the same year.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any

from defects.signatures import version_key
from portal.catalogue.queries import ZONE
from portal.sample import material
from portal.sample.material import Scenario
from portal.tickets.words import Category

START = datetime(2025, 1, 6, 8, 0, tzinfo=ZONE)
PROVINCES = ("ld", "lx", "hl")
#: No records of their own: what the one was told belongs to another record, what the other was told to none.
DUPLICATE, NO_DEFECT = "duplicate", "not_a_defect"
#: Half of the records are never written: what is said of them surely has none behind it, and sounds like it.
WRITTEN = 0.5
KNOWN_AT_FIRST = 0.75
TOLD_AGAIN = 0.6
#: Users name the wrong system now and then, and mostly not the module.
WRONG_SYSTEM, NAMES_MODULE = 0.08, 0.6
OTHERS_PER_REPORT = 0.8
OPENINGS = (
    "你好，", "麻烦看一下：", "急！", "我们班几个人都这样，", "又来了，", "请问是不是系统的问题，",
    "老师您好，", "领导催得紧，", "昨天开始", "今天一上班就发现", "帮同事问的，", "不知道找谁，先提在这里。",
)  # fmt: skip
ENDINGS = (
    "，重启过没用", "，换了电脑也一样", "，麻烦尽快", "，等着用呢", "，上个月还好好的", "，怎么办", "。谢谢",
    "，截图发不上来", "，以前没遇到过", "，同事的也这样", "，请给个说法", "，已经等了半天",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Repair:
    """A record is repaired in ``version``; ``units`` holds province → from which day on it runs there."""

    record: str
    system: str
    version: str
    day: int
    units: Mapping[str, int]
    holds: bool

    def runs_in(self, province: str, day: int) -> bool:
        return province in self.units and self.units[province] <= day


@dataclass(frozen=True, slots=True)
class Report:
    """One ticket to be filed."""

    at: datetime
    day: int
    scenario: Scenario
    text: str
    system: str
    module: str | None
    province: str
    cause: str | None
    """The record that is behind it, if ever one was written."""


@dataclass(frozen=True, slots=True)
class Year:
    days: int
    records: Mapping[str, Mapping[str, Any]]
    opened: Mapping[str, int]
    """Record → the day on which somebody opens it."""
    repairs: Mapping[str, Repair]
    reports: Sequence[Report] = field(default=())

    def is_regression(self, report: Report) -> bool:
        """Does this ticket show that a repair did not hold?"""
        repair = self.repairs.get(report.cause or "")
        return repair is not None and repair.runs_in(report.province, report.day)


def planned(*, seed: int, days: int = 364, scale: float = 1.0) -> Year:
    """A year, or a part of one; ``scale`` is the share of what users say that is said."""
    dice = random.Random(seed)  # noqa: S311 - believable, not secret
    records = _written()
    lasting = sorted(name for name, row in records.items() if row["state"] not in (DUPLICATE, NO_DEFECT))
    kept = {name: records[name] for name in dice.sample(lasting, round(len(lasting) * WRITTEN))}
    opened = dict(_opened(kept, days, dice))
    year = Year(days, kept, opened, _repairs(kept, opened, days, dice))
    reports = sorted(_reports(year, dice, scale), key=lambda one: one.at)
    return Year(days, kept, year.opened, year.repairs, reports)


def _opened(kept: Mapping[str, Any], days: int, dice: random.Random) -> Iterator[tuple[str, int]]:
    for name in kept:
        yield name, 0 if dice.random() < KNOWN_AT_FIRST else dice.randrange(days // 12, days // 2)


def _repairs(
    kept: Mapping[str, Mapping[str, Any]], opened: Mapping[str, int], days: int, dice: random.Random
) -> dict[str, Repair]:
    """One record a system at most, so that one version is one repair; every third does not hold."""
    by_system: dict[str, str] = {}
    for name in dice.sample(sorted(kept), len(kept)):
        by_system.setdefault(str(kept[name]["system"]), name)
    chosen = sorted(by_system.values())[: len(kept) // 2]
    return {
        name: _repair(kept[name], opened[name], days, dice, holds=n % 3 != 0) for n, name in enumerate(chosen)
    }


def _repair(record: Mapping[str, Any], opened: int, days: int, dice: random.Random, *, holds: bool) -> Repair:
    day = max(opened + 1, dice.randrange(days // 4, days // 2))
    order = dice.sample(PROVINCES, len(PROVINCES))
    pause = dice.randrange(7, days // 12)
    units = {province: day + (place + 1) * pause for place, province in enumerate(order)}
    return Repair(record["id"], record["system"], _next_version(record), day, units, holds)


def _next_version(record: Mapping[str, Any]) -> str:
    """The minor version after every one that is known to have the defect, or that runs anywhere."""
    system = next(
        row for row in material.read("catalogue.yaml")["systems"] if row["code"] == record["system"]
    )
    running = (system["version"], *system.get("ahead", {}).values())
    known = [version_key(str(version)) for version in (*running, *(record.get("affected") or ()))]
    major, minor = max((*key, 0, 0)[:2] for key in known)
    return f"{major}.{minor + 1}.0"


def _reports(year: Year, dice: random.Random, scale: float) -> Iterator[Report]:
    said = [(scenario, scenario.says[0]) for scenario in map(_of_the_survivor, material.defect_scenarios())]
    reported = [pair for pair in said if dice.random() < scale]
    reported += [pair for pair in reported if dice.random() < TOLD_AGAIN]
    for scenario, say in reported:
        if (one := _report(year, scenario, say, dice)) is not None:
            yield one
    others = [(row, say) for row in material.scenarios() if _is_sure(row, year) for say in row.says]
    dice.shuffle(others)
    for scenario, say in others[: round(OTHERS_PER_REPORT * len(reported))]:
        if (one := _report(year, scenario, say, dice)) is not None:
            yield one


def _written() -> Mapping[str, Mapping[str, Any]]:
    return {row["id"]: row for _, rows in material.read_all("defects") for row in rows}


def _of_the_survivor(scenario: Scenario) -> Scenario:
    record = _written()[scenario.defect or ""]
    return replace(scenario, defect=record["duplicate_of"]) if record["state"] == DUPLICATE else scenario


def _is_sure(scenario: Scenario, year: Year) -> bool:
    """Is it certain that no record is behind it? Nobody has said so of concerns about the module of one."""
    modules = {(row["system"], row.get("module")) for row in year.records.values()}
    return scenario.category != Category.FAULT and (scenario.system, scenario.module) not in modules


def _report(year: Year, scenario: Scenario, say: str, dice: random.Random) -> Report | None:
    """None: nobody says this on that day, for what it complains of is repaired wherever it could be met."""
    day, cause = dice.randrange(year.days), scenario.defect if scenario.defect in year.records else None
    province = _province(year.repairs.get(cause or ""), day, dice)
    if province is None:
        return None
    hour = dice.choices((8, 9, 10, 11, 14, 15, 16, 17), (9, 18, 15, 9, 14, 14, 12, 9))[0]
    at = datetime.combine((START + timedelta(days=day)).date(), time(hour, dice.randrange(60)), ZONE)
    text = material.Slots(dice, at.date()).fill(_told(say, dice))
    system = _named_system(year, scenario, dice)
    module = scenario.module if system == scenario.system and dice.random() < NAMES_MODULE else None
    return Report(at, day, scenario, text, system, module, province, cause)


def _named_system(year: Year, scenario: Scenario, dice: random.Random) -> str:
    wrong = dice.random() < WRONG_SYSTEM
    others = sorted({str(row["system"]) for row in year.records.values()})
    return dice.choice(others) if wrong else scenario.system


def _province(repair: Repair | None, day: int, dice: random.Random) -> str | None:
    hit = [name for name in PROVINCES if repair is None or not (repair.holds and repair.runs_in(name, day))]
    return dice.choice(hit) if hit else None


def _told(say: str, dice: random.Random) -> str:
    opening = dice.choice(OPENINGS) if dice.random() < 0.4 else ""
    ending = dice.choice(ENDINGS) if dice.random() < 0.4 else ""
    return f"{opening}{say.rstrip('。') if ending else say}{ending}"
