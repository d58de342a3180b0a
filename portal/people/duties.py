"""From permissions to the duties that articles and defect records know: the one place that maps them.

Pages and the API both ask here; ``kb`` and ``defects`` have never heard of posts. Pure.
"""

from __future__ import annotations

from defects.flow import DefectDuty
from kb.flow import Duty
from portal.people.models import Person
from portal.people.roles import Permission

# fmt: off
ARTICLE_DUTIES = {
    Permission.WRITE_ARTICLES:   Duty.WRITE,
    Permission.PUBLISH_ARTICLES: Duty.PUBLISH,
}
DEFECT_DUTIES = {
    Permission.CURATE_DEFECTS: DefectDuty.CURATE,
    Permission.REPAIR_DEFECTS: DefectDuty.REPAIR,
}
# fmt: on


def article_duties(person: Person | None) -> frozenset[Duty]:
    """What this person may do with articles; nobody signed in may do nothing."""
    return frozenset(duty for permission, duty in ARTICLE_DUTIES.items() if person and person.may(permission))


def defect_duties(person: Person | None) -> frozenset[DefectDuty]:
    """What this person may do with defect records. The system's own duty is nobody's."""
    return frozenset(duty for permission, duty in DEFECT_DUTIES.items() if person and person.may(permission))
