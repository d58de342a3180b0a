"""From permissions to the duties that articles and defect records know: the one place that maps them.

Pages and the API both ask here; ``kb`` and ``defects`` have never heard of posts. Pure.
"""

from __future__ import annotations

from defects.flow import DefectDuty
from kb.flow import Duty
from kb.models import Article
from portal.people.models import Person, PersonPost
from portal.people.roles import BOUND_TO_SYSTEMS, PERMISSIONS, Permission

# fmt: off
ARTICLE_DUTIES = {
    Permission.WRITE_ARTICLES:   Duty.WRITE,
    Permission.PUBLISH_ARTICLES: Duty.PUBLISH,
    Permission.VERIFY_ARTICLES:  Duty.VERIFY,
}
DEFECT_DUTIES = {
    Permission.CURATE_DEFECTS: DefectDuty.CURATE,
    Permission.REPAIR_DEFECTS: DefectDuty.REPAIR,
}
# fmt: on


def article_duties(person: Person | None, article: Article | None = None) -> frozenset[Duty]:
    """What this person may do with articles, or with this one; nobody signed in may do nothing.

    An expert vouches for what is said of their own systems, an editor for any. The worker's duty is nobody's.
    """
    held = frozenset(duty for permission, duty in ARTICLE_DUTIES.items() if person and person.may(permission))
    if person is None or article is None or any(_vouches(row, article) for row in person.posts):
        return held
    return held - {Duty.VERIFY}


def _vouches(row: PersonPost, article: Article) -> bool:
    may = Permission.VERIFY_ARTICLES in PERMISSIONS[row.post]
    return may and (row.post not in BOUND_TO_SYSTEMS or article.system in row.systems)


def defect_duties(person: Person | None) -> frozenset[DefectDuty]:
    """What this person may do with defect records. The system's own duty is nobody's."""
    return frozenset(duty for permission, duty in DEFECT_DUTIES.items() if person and person.may(permission))
