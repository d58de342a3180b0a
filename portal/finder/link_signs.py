"""What speaks for each record that search found for a report: signs for the model of links. Pure.

The same for the workbench, for learning and for ``tierdesk evaluate-links``, so that what was learned is
what decides. The invariant: a fact that is not known is never counted for or against a record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from defects.models import Defect
from defects.signatures import canonical, codes_in
from defects.versions import is_affected, is_older, runs_fix, version_key
from indexer import confidence
from indexer.characters import fold
from indexer.document import Answer, Key, Mode
from indexer.linking import Candidate, Report
from portal.finder.learnt import LEARNT_CHARACTERS, LEARNT_TICKETS
from portal.finder.wording import cleaned
from portal.tickets.models import Ticket

#: The probability that the search gave goes by another name: here it is one sign among others.
SEARCHED, LEAD = "searched", "lead"
RIVALS = 6
#: Of each record's tickets, as many and as much as the index learns of them.
TICKETS, CHARACTERS = LEARNT_TICKETS, LEARNT_CHARACTERS

#: What the program said, as far as the report tells it: after a word of showing, or in quotation marks.
MESSAGE = re.compile(
    r"(?:提示|弹出?|报错?|显示|跳出)(?:说|的是|框)?[：:，,]?[“\"「]?([^，。；,;“”\"「」]{4,24})|[“\"「]([^“”\"「」]{4,24})[”\"」]"
)
READ = 1_000


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says of itself, beside its text."""

    text: str
    system: str = ""
    module: str = ""
    running: str = ""
    """The version that runs where it comes from; empty when nobody knows."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a record says of itself."""

    text: str = ""
    system: str = ""
    module: str = ""
    codes: Collection[str] = ()
    affected: Collection[str] = ()
    fixed_in: str = ""


def said_in(ticket: Ticket) -> str:
    return cleaned(f"{ticket.title}\n{ticket.text}")


def known_of(defect: Defect) -> Known:
    return Known(
        "\n".join((defect.title, *defect.symptoms, defect.reproduce)),
        defect.system,
        defect.module or "",
        tuple(defect.codes),
        tuple(defect.affected),
        defect.fixed_in or "",
    )


def told_of(ticket: Ticket) -> Told:
    return Told(said_in(ticket), ticket.system.code, ticket.module or "", ticket.running_version)


def report_of(told: Told, answer: Answer, records: Mapping[Key, Known]) -> Report:
    """The records that search found, as candidates; ``answer`` was asked to explain itself."""
    features = answer.trace.features if answer.trace is not None else {}
    # By the shipped calibration whatever serves: a newly learned one must not move what links learned.
    shipped = confidence.shipped("lexical" if answer.mode is Mode.LEXICAL else "hybrid")
    given = [shipped.probability(features[hit.key]) if hit.key in features else 0.0 for hit in answer.hits]
    written = frozenset(codes_in(told.text))
    candidates = [
        Candidate(
            hit.id,
            {
                **features.get(hit.key, {}),
                SEARCHED: given[place],
                LEAD: given[place] - max(given[:place] + given[place + 1 : RIVALS], default=0.0),
                "first": float(place == 0),
                **facts(told, records[hit.key], written),
            },
        )
        for place, hit in enumerate(answer.hits)
        if hit.key in records
    ]
    return Report(told.text, tuple(candidates))


def facts(told: Told, record: Known, written: Collection[str]) -> dict[str, float]:
    """What both texts' records have in common, as far as both say something."""
    return {
        "code": float(any(canonical(code) in written for code in record.codes)),
        **_place(told, record),
        **_versions(told.running, record),
        "message": _message(told.text, record.text),
    }


def _message(told: str, record: str) -> float:
    """How much of what the program said stands in the record: -1 nothing, 1 all; 0 if it said nothing."""
    said = [first or second for first, second in MESSAGE.findall(fold(told[:READ]))]
    if not said or not record:
        return 0.0
    held = _pairs(fold(record))
    return max(2.0 * len(pairs & held) / len(pairs) - 1.0 for line in said if (pairs := _pairs(line)))


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[n : n + 2] for n in range(len(text) - 1))


def _place(told: Told, record: Known) -> dict[str, float]:
    system, module = bool(told.system and record.system), bool(told.module and record.module)
    same = told.system == record.system
    return {
        "same_system": float(system and same),
        "other_system": float(system and not same),
        "same_module": float(module and same and told.module == record.module),
        "other_module": float(module and not (same and told.module == record.module)),
    }


def _versions(running: str, record: Known) -> dict[str, float]:
    here = version_key(running)
    return {
        "affected": float(is_affected(running, record.affected)),
        "older": float(is_older(running, record.affected)),
        "fixed": float(bool(here) and runs_fix(running, record.fixed_in)),
        "no_version": float(not here),
    }
