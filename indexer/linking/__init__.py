"""Which known record is behind a report, how sure that is, and that often none is.

The model: search proposes candidates, `choosing` picks the likeliest of them, `model` says how probable
it is that this one is right and what that allows: link, suggest, none. `learning` fits all of it on
judged reports. What is known of systems, versions and error codes comes in as facts from above; nothing
here has heard of tickets. Invariant: what no judged reports have shown to be precise is never linked.
"""

from indexer.linking.learning import Judged, fit, stricter
from indexer.linking.model import (
    NEVER,
    Candidate,
    Decision,
    LinkModel,
    Proposal,
    Report,
    cold_start,
    from_json,
)

__all__ = [
    "NEVER",
    "Candidate",
    "Decision",
    "Judged",
    "LinkModel",
    "Proposal",
    "Report",
    "cold_start",
    "fit",
    "from_json",
    "stricter",
]
