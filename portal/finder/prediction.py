"""What a text is about: system, module and category proposed before a person chooses. Pure but for names.

Votes come from the nearest things that the asker may see; words that name a system or that are typical
of a category count on top. The invariant: what is not clear is None, never the likeliest of nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.characters import fold
from portal.catalogue.models import System
from portal.finder.found import Guess, Prediction
from portal.finder.sources import ARTICLE, DEFECT, TICKET
from portal.tickets.words import Category

VOTERS = 12
CLEAR = 0.5  # below half of the evidence a proposal would be wrong as often as right
#: A ticket was classified by people who saw the whole case; an article fits many cases.
WORTH = {TICKET: 1.0, DEFECT: 0.8, ARTICLE: 0.6}
#: Votes below this in sum are chance resemblance.
LEAST = 0.15

# fmt: off
#: What people write when they mean a category, whatever it is about; several lines may speak for one.
CUES: tuple[tuple[Category, str], ...] = (
    (Category.ACCOUNT,      r"忘记密码|密码(忘|重置|过期)|重置密码|解锁|被锁|reset .{0,12}password|unlock"),
    (Category.ACCOUNT,      r"账号(停用|禁用|注销)|(开通|申请|增加|调整|没有?)权限|新员工.{0,6}账号"),
    (Category.COMPLAINT,    r"投诉|态度(差|恶劣|不好)|推诿|complain"),
    (Category.RESOURCE,     r"申请(一台|两台|服务器|存储|虚拟机|电脑|打印机|软件)|领用|扩容"),
    (Category.CHANGE,       r"(希望|建议|能否|能不能|可否|请)(系统)?(增加|新增|加一?个|优化|支持)|新需求"),
    (Category.DATA,         r"(录|填|选)错了?|补录|重复数据"),
    (Category.DATA,         r"(修改|更正|删除|导出|提取)(一下)?.{0,8}(数据|记录|信息)"),
    (Category.FAULT,        r"(全|整)(省|市|局|公司|部门|办公室)(的人)?都|大面积|瘫痪"),
    (Category.FAULT,        r"所有人都|都(打不开|登不上|用不了)"),
    (Category.CONSULTATION, r"(怎么|如何|在哪里?|哪里)(办|弄|做|申请|查|看|下载|操作|设置|填|导|打印)"),
    (Category.CONSULTATION, r"什么时候能|进度|how (do|can|to)"),
)
# fmt: on
CUE_WORTH = 0.6
TAILS = re.compile(r"(业务应用|客服支持|运行管理|监督管理|管理|运营|服务|统一身份认证)?(系统|平台|App|学院)$")
JOINED = r"(管理|业务|信息)?(系统|平台|app|里|上|中)"
LATIN = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Vote:
    """One near thing: how near, and what it is filed under."""

    kind: str
    weight: float
    facets: Mapping[str, tuple[str, ...]]


def predicted(session: Session, text: str, votes: Sequence[Vote]) -> Prediction:
    """The proposals; each stands on its own."""
    system = _system(named_systems(session, text), votes)
    return Prediction(
        system=system,
        module=_module(system, votes),
        category=_category(text, votes),
    )


def named_systems(session: Session, text: str) -> dict[str, float]:
    """Code → how clearly ``text`` names the system: by its whole name, its short name, its Latin name."""
    folded = fold(text)
    rows = session.execute(select(System.code, System.name, System.name_en).where(System.active))
    found = {code: _naming(folded, code, (name, english)) for code, name, english in rows}
    return {code: weight for code, weight in found.items() if weight}


def _naming(folded: str, code: str, names: Iterable[str]) -> float:
    whole = [fold(name) for name in names if name]
    if any(name in folded for name in whole):
        return 1.0
    short = [TAILS.sub("", name) for name in whole]
    if any(len(name) > 1 and re.search(re.escape(fold(name)) + JOINED, folded) for name in short):
        return 0.8
    latin = {code, *(word for name in whole[:1] for word in LATIN.findall(name))}
    return 0.6 if latin & set(LATIN.findall(folded)) else 0.0


def _tally(votes: Iterable[Vote], facet: str) -> dict[str, float]:
    totals: defaultdict[str, float] = defaultdict(float)
    for place, vote in enumerate(votes):
        for value in vote.facets.get(facet, ())[:1]:
            totals[value] += vote.weight * WORTH.get(vote.kind, 0.5) / (1 + 0.25 * place)
    return totals


def _clearest(totals: Mapping[str, float], *, least: float = LEAST) -> Guess | None:
    whole = sum(totals.values())
    if whole < least:
        return None
    value = max(totals, key=lambda name: totals[name])
    share = totals[value] / whole
    return Guess(value, round(share, 3)) if share >= CLEAR else None


def _system(named: Mapping[str, float], votes: Sequence[Vote]) -> Guess | None:
    totals = _tally(votes, "system")
    heaviest = max(totals.values(), default=0.0)
    for code, weight in named.items():
        # A name outweighs resemblance: whoever writes 报销系统 means it.
        totals[code] = totals.get(code, 0.0) + weight * max(1.0, 2.0 * heaviest)
    return _clearest(totals)


def _module(system: Guess | None, votes: Sequence[Vote]) -> Guess | None:
    if system is None:
        return None
    of_system = [vote for vote in votes if system.value in vote.facets.get("system", ())]
    return _clearest(_tally(of_system, "module"))


def _category(text: str, votes: Sequence[Vote]) -> Guess | None:
    filed = [vote for vote in votes if vote.kind != DEFECT]
    totals = {name: weight for name, weight in _tally(filed, "category").items() if name in set(Category)}
    defects = sum(_tally([vote for vote in votes if vote.kind == DEFECT], "state").values())
    totals[Category.DEFECT] = totals.get(Category.DEFECT, 0.0) + defects
    heaviest = max(totals.values(), default=0.0)
    folded = fold(text)
    for category in {category for category, pattern in CUES if re.search(pattern, folded)}:
        totals[category] = totals.get(category, 0.0) + max(CUE_WORTH, heaviest)
    return _clearest(totals)
