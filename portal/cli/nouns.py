"""What can be imported: each noun's name in a map file, its fields and its loader, in one table.

No rule of its own: every loader lives on the floor of what it loads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from defects import importing as defect_import
from kb.importing import articles as article_import
from kb.importing.fields import Field
from kb.importing.loading import Progress
from kb.importing.outcome import Outcome, Record
from kb.importing.plan import Plan
from portal.catalogue import importing as catalogue_import
from portal.catalogue.models import System
from portal.causes.trackers.reading import GROWING
from portal.config import Settings
from portal.curation.imports.pictures import DeskKeeper, Weigher
from portal.curation.imports.rights import settling
from portal.people import importing as people_import
from portal.people.duties import article_duties
from portal.people.models import Person
from portal.tickets import importing as ticket_import
from portal.tickets.references import References


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a loader is given. ``bound``: by the rights of ``by``, who was named with ``--as``;
    ``foreign``: the rows come from another tracker, whose people need not be ours.
    """

    session: Session
    records: Sequence[Record]
    plan: Plan
    by: Person
    settings: Settings
    publish: bool
    skip_bad: bool
    dry_run: bool
    bound: bool
    progress: Progress
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Noun:
    """One thing that can be imported: what its map tables are called, its fields, its loader."""

    table: str
    fields: Sequence[Field]
    load: Callable[[Job], Outcome]


def _articles(job: Job) -> Outcome:
    weigher = Weigher(job.session, job.settings.upload_limit_mb)
    return article_import.load(
        job.session,
        job.records,
        by=job.by.id,
        publish=job.publish,
        skip_bad=job.skip_bad,
        originals=job.plan.originals,
        settle=settling(job.session, job.by if job.bound else None),
        progress=job.progress,
        keeper=weigher if job.dry_run else DeskKeeper.of(job.session, job.by, job.settings),
        duties=article_duties(job.by) if job.bound else None,
    )


def _defects(job: Job) -> Outcome:
    references = References(job.session)
    references.expect(job.records, "owner_middle", "owner_back")
    return defect_import.load(
        job.session,
        job.records,
        by=job.by.id,
        skip_bad=job.skip_bad,
        settle=references.of_foreign_defect if job.foreign else references.of_defect,
        progress=job.progress,
        growing=GROWING if job.foreign else (),
    )


def _tickets(job: Job) -> Outcome:
    return ticket_import.load(
        job.session,
        job.records,
        by=job.by.id,
        references=References(job.session),
        skip_bad=job.skip_bad,
        progress=job.progress,
    )


def _people(job: Job) -> Outcome:
    systems = set(job.session.scalars(select(System.code)))
    return people_import.load(
        job.session,
        job.records,
        by=job.by.id,
        systems=systems,
        skip_bad=job.skip_bad,
        progress=job.progress,
    )


def _catalogue(job: Job) -> Outcome:
    return catalogue_import.load(
        job.session, job.records, by=job.by.id, skip_bad=job.skip_bad, progress=job.progress
    )


NOUNS = {
    "articles": Noun("article", article_import.FIELDS, _articles),
    "defects": Noun("defect", defect_import.FIELDS, _defects),
    "tickets": Noun("ticket", ticket_import.FIELDS, _tickets),
    "people": Noun("person", people_import.FIELDS, _people),
    "catalogue": Noun("entry", catalogue_import.FIELDS, _catalogue),
}
