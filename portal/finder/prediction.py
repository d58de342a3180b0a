"""What a text is about: system, module and category proposed before a person chooses.

Votes come from the nearest articles and defects that the asker may see and from the nearest tickets;
words that name a system or that are typical of a category count on top. A proposal names only what
everybody may choose anyway, and tickets that the asker may not open count only as a crowd: where people
enough have asked alike, as in any published figure.
The invariant: what is not clear is None, never the likeliest of nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.characters import fold
from indexer.document import Hit, ReasonKind
from portal.catalogue.models import System
from portal.finder.cues import cued
from portal.finder.found import Guess, Prediction
from portal.finder.sources import ARTICLE, DEFECT, TICKET
from portal.tickets.models import Ticket
from portal.tickets.words import Category

VOTING = frozenset({ARTICLE, DEFECT, TICKET})
VOTERS = 20
CROWD = 3
#: Shares of the evidence from which a proposal is right more often than not, measured on the sample's
#: tickets: words of a category are right in two cases of three, resemblance alone seldom.
CLEAR = 0.65
CLEAR_WITHOUT_CUE = 0.9
#: A ticket was classified by people who saw the whole case; an article fits many cases.
WORTH = {TICKET: 1.0, DEFECT: 0.8, ARTICLE: 0.6}
#: A hit that shares nothing a person would name is chance resemblance.
TELLING = frozenset({ReasonKind.CODE, ReasonKind.NUMBER, ReasonKind.WORDS, ReasonKind.MEANING})

#: Against all votes together.
CUE_WORTH = 2.0
#: Where nothing is likelier than this to be meant, resemblance names the wrong system in three cases of five
#: (sample tickets by their first sentence, each taken out of the index); from here on in one of four.
NEAR = 0.05
TAILS = re.compile(r"(业务应用|客服支持|运行管理|监督管理|管理|运营|服务|统一身份认证)?(系统|平台|App|学院)$")
JOINED = r"(管理|业务|信息)?(系统|平台|app|里|上|中)"
LATIN = re.compile(r"[a-z0-9]{2,}")


@dataclass(frozen=True, slots=True)
class Vote:
    """One near thing: how near, and what it is filed under."""

    kind: str
    weight: float
    facets: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, hit: Hit, facets: Mapping[str, tuple[str, ...]]) -> Vote:
        return cls(hit.kind, WORTH[hit.kind] * hit.score**3, facets)


def is_telling(hit: Hit) -> bool:
    """Does it share anything that a person would name as the reason?"""
    return any(reason.kind in TELLING for reason in hit.why)


def telling(text: str, hits: Sequence[Hit]) -> list[Hit]:
    """Those that may vote: none where nothing was said, or where none of them is near."""
    found = [hit for hit in hits if is_telling(hit)]
    near = any(hit.probability >= NEAR for hit in found) and any(letter.isalnum() for letter in text)
    return found if near else []


def crowd(session: Session, hits: Sequence[Hit]) -> list[Vote]:
    """The votes of tickets that the asker may not open: a value counts when people enough stand for it."""
    rows = session.execute(
        select(Ticket.id, Ticket.requester_id, System.code, Ticket.module, Ticket.category)
        .join(System, Ticket.system_id == System.id)
        .where(Ticket.id.in_([int(hit.id) for hit in hits]))
    ).all()
    people: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for _, requester, system, module, category in rows:
        for named in (("system", system), ("module", f"{system}/{module}"), ("category", category)):
            people[named].add(requester)
    many = {named for named, who in people.items() if len(who) >= CROWD}
    scored = {int(hit.id): hit for hit in hits}
    return [Vote.of(scored[row[0]], _common(many, *row[2:])) for row in rows]


def _common(
    many: Collection[tuple[str, str]], system: str, module: str | None, category: Category
) -> Mapping[str, tuple[str, ...]]:
    values = {"system": (system,), "category": (str(category),)}
    common = {name: value for name, value in values.items() if (name, value[0]) in many}
    if module and ("module", f"{system}/{module}") in many:
        common["module"] = (module,)
    return common


def predicted(session: Session, text: str, seen: Sequence[Vote], unseen: Sequence[Vote]) -> Prediction:
    """The proposals; each stands on its own."""
    votes = [*seen, *unseen]
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
    for vote in votes:
        for value in vote.facets.get(facet, ())[:1]:
            totals[value] += vote.weight
    return totals


def _clearest(totals: Mapping[str, float], *, clear: float = CLEAR) -> Guess | None:
    whole = sum(totals.values())
    if not whole:
        return None
    value = max(totals, key=lambda name: totals[name])
    share = totals[value] / whole
    return Guess(value, round(share, 3)) if share >= clear else None


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
    named = cued(fold(text))
    totals = _category_votes(votes)
    heaviest = max(1.0, sum(totals.values()))
    for category in named:
        totals[str(category)] = totals.get(str(category), 0.0) + CUE_WORTH * heaviest
    return _clearest(totals, clear=CLEAR if named else CLEAR_WITHOUT_CUE)


def _category_votes(votes: Sequence[Vote]) -> dict[str, float]:
    """A near defect speaks for a defect; everything else for what it is filed under."""
    totals: defaultdict[str, float] = defaultdict(float)
    for vote in votes:
        filed = (Category.DEFECT,) if vote.kind == DEFECT else vote.facets.get("category", ())
        for value in filed[:1]:
            if value in set(Category):
                totals[str(value)] += vote.weight
    return totals
