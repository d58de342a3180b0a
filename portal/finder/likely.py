"""Why a defect may be the root cause of a ticket: the judgements so far, and evidence from both rows.

No search happens here. The invariant: a reason about codes, module or version names what stands in both
rows now, whatever the index said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from defects.models import Defect
from defects.signatures import canonical, codes_in
from defects.versions import is_affected
from indexer.document import Key, Reason, ReasonKind
from portal.finder.found import Result
from portal.finder.sources import DEFECT
from portal.tickets.models import LinkVerdict, Ticket

#: What only the rows can say; the index's own claims of these kinds are replaced.
FROM_ROWS = frozenset(
    {ReasonKind.CODE, ReasonKind.SAME_SYSTEM, ReasonKind.SAME_MODULE, ReasonKind.SAME_VERSION}
)


@dataclass(frozen=True, slots=True)
class Judged:
    """The defects this ticket is linked to and those it was told apart from."""

    linked: frozenset[int]
    rejected: frozenset[int]

    @property
    def linked_keys(self) -> frozenset[Key]:
        return frozenset((DEFECT, str(number)) for number in self.linked)

    @property
    def rejected_keys(self) -> frozenset[Key]:
        return frozenset((DEFECT, str(number)) for number in self.rejected)


def judged(ticket: Ticket) -> Judged:
    """The standing judgements; for a pair that was judged twice the later one counts."""
    standing = {link.defect_id: link.verdict for link in ticket.defect_links if _stands(link.verdict)}
    return Judged(
        frozenset(number for number, verdict in standing.items() if verdict == LinkVerdict.LINKED),
        frozenset(number for number, verdict in standing.items() if verdict == LinkVerdict.REJECTED),
    )


def _stands(verdict: LinkVerdict) -> bool:
    return verdict != LinkVerdict.UNDONE


def with_evidence(results: Sequence[Result], ticket: Ticket, judgement: Judged) -> tuple[Result, ...]:
    """The same results with what both rows share; the linked one is marked and comes first."""
    marked = [
        replace(result, why=_why(result, ticket), linked=result.id in judgement.linked) for result in results
    ]
    return tuple(sorted(marked, key=lambda result: not result.linked))


def _why(result: Result, ticket: Ticket) -> tuple[Reason, ...]:
    defect = result.subject
    if not isinstance(defect, Defect):
        return result.why
    told = (reason for reason in result.why if reason.kind not in FROM_ROWS)
    return (*_shared(ticket, defect), *told)


def _shared(ticket: Ticket, defect: Defect) -> Iterator[Reason]:
    written = set(codes_in(f"{ticket.title}\n{ticket.text}"))
    for code in defect.codes:
        if canonical(code) in written:
            yield Reason(ReasonKind.CODE, code)
    if ticket.system.code == defect.system:
        yield Reason(ReasonKind.SAME_SYSTEM, ticket.system.name)
    if ticket.module and (ticket.system.code, ticket.module) == (defect.system, defect.module):
        yield Reason(ReasonKind.SAME_MODULE, ticket.module)
    if is_affected(ticket.running_version, defect.affected):
        yield Reason(ReasonKind.SAME_VERSION, ticket.running_version)
