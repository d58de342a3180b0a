"""Reading the written material: nothing is invented here but numbers for slots such as {工号}."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is there: 8 × faster
SLOT = re.compile(r"\{([^{}]{1,6})\}")
SUBSTATIONS = ("白石岭变", "沧源东变", "望洲二站", "青沙变", "鸡峰变", "南市城北站", "塔山变", "浪石湾站")
HALLS = ("白塔供电所", "东岸供电所", "石门供电所", "青沙供电所", "鸡峰供电所", "望洲供电所", "麻塘供电所")
AREAS = ("岭下三队台区", "东岸新村2号台区", "石门街公变", "盐田口1号变", "竹坪台区", "望洲码头公变")
FAMILY = "陈林黄李张吴刘周许郑谢梁罗韦覃农符庄欧莫"
GIVEN = tuple("建国 丽娟 志明 秀兰 海涛 玉珍 子涵 文斌 美玲 国栋 晓燕 俊杰 桂花 一鸣 春梅".split())  # noqa: SIM905


@dataclass(frozen=True)
class Scenario:
    """One written concern: what several people said, and what each tier wrote about it."""

    category: str
    system: str
    module: str | None
    sub: str
    title: str
    says: tuple[str, ...]
    notes: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    article: str | None = None
    defect: str | None = None
    event: dict[str, Any] | None = None


@cache
def read(name: str) -> Any:
    """One YAML file of the sample."""
    return yaml.load((HERE / name).read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506 - a safe loader


def read_all(folder: str) -> Iterator[tuple[str, Any]]:
    """(name, content) of every YAML file in a folder, in order."""
    for path in sorted((HERE / folder).glob("*.yaml")):
        yield path.stem, read(f"{folder}/{path.name}")


def articles() -> Iterator[tuple[dict[str, Any], str]]:
    """(front matter, body) of every written article, originals before translations."""
    found = [_split(path) for path in sorted((HERE / "articles").rglob("*.md"))]
    return iter(sorted(found, key=lambda pair: ("translation_of" in pair[0], str(pair[0]["id"]))))


def _split(path: Path) -> tuple[dict[str, Any], str]:
    _, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return yaml.load(front, Loader=LOADER), body.strip()  # noqa: S506 - a safe loader


def scenarios() -> list[Scenario]:
    """Every written concern but those of the defect records."""
    found = []
    for name, rows in read_all("tickets"):
        category = re.split(r"[-_0-9]", name)[0]
        if category != "progress":
            found += [_scenario(category, row) for row in rows]
    return found


def _scenario(category: str, row: dict[str, Any]) -> Scenario:
    names = ("front", "middle", "back", "answer", "why")
    return Scenario(
        category=category,
        system=row["system"],
        module=row.get("module"),
        sub=row["sub"],
        title=row["title"],
        says=tuple(row["says"]),
        notes={name: str(row[name]) for name in names if row.get(name)},
        words=tuple(row.get("words") or ()),
        article=row.get("article"),
        event=row.get("event"),
    )


def defect_scenarios() -> list[Scenario]:
    """The users' words written with each defect record, one scenario a report."""
    return [
        _report(record, report)
        for _, records in read_all("defects")
        for record in records
        for report in record.get("tickets") or ()
    ]


def _report(record: dict[str, Any], report: dict[str, Any]) -> Scenario:
    notes = {
        "front": report.get("front") or f"用户反映：{report['title']}，已核对单位版本与操作步骤。",
        "middle": report.get("middle") or f"与已知问题“{record['title']}”现象一致，{_first(record['cause'])}",
        "back": report.get("back") or _first(record.get("fix") or record["workaround"]),
        "answer": report.get("feedback") or _first(record["workaround"]),
    }
    words = (report["words"],) if report.get("words") else ()
    return Scenario(
        category="defect",
        system=record["system"],
        module=record.get("module"),
        sub=record["type"],
        title=report["title"],
        says=(report["say"],),
        notes=notes,
        words=words,
        defect=record["id"],
    )


def _first(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[:2])


@dataclass
class Slots:
    """Values for the slots of one ticket: the same name is the same value wherever it is written."""

    dice: random.Random
    day: date
    known: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """``text`` with its slots filled; an {unknown} one stays as it was written."""
        return SLOT.sub(lambda match: self._value(match[1]) or match[0], text)

    def _value(self, name: str) -> str:
        if name in MAKERS and name not in self.known:
            self.known[name] = MAKERS[name](self.dice, self.day)
        return self.known.get(name, "")


MAKERS: dict[str, Callable[[random.Random, date], str]] = {
    "户号": lambda dice, day: f"0{dice.randrange(310, 399)}{dice.randrange(10**8, 10**9)}",
    "单号": lambda dice, day: f"{dice.choice(('YK', 'BX', 'CG'))}{day:%y%m}{dice.randrange(1000, 9999)}",
    "姓名": lambda dice, day: dice.choice(FAMILY) + dice.choice(GIVEN),
    "工号": lambda dice, day: f"{dice.choice('357')}{dice.randrange(10000, 99999)}",
    "日期": lambda dice, day: _spoken_day(day - timedelta(days=dice.randrange(1, 12))),
    "金额": lambda dice, day: f"{dice.choice((12, 86, 230, 1260, 3500))}.{dice.randrange(0, 99):02d}元",
    "台区": lambda dice, day: dice.choice(AREAS),
    "变电站": lambda dice, day: dice.choice(SUBSTATIONS),
    "供电所": lambda dice, day: dice.choice(HALLS),
}


def _spoken_day(day: date) -> str:
    return f"{day.month}月{day.day}日"
