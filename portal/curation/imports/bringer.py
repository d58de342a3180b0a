"""Articles as one kind of what ``portal.uploads`` brings in."""

from __future__ import annotations

from indexer.words import N_
from kb.flow import Refused
from kb.importing.rows import kind_of
from portal.curation.imports.reading import plan_of, read
from portal.curation.imports.writing import take_back, write
from portal.people.models import Person
from portal.people.roles import Permission
from portal.uploads.bringing import Bringer, Wish
from portal.uploads.models import Import, Kind


def check_importer(by: Person) -> None:
    """Raise :class:`Refused` unless this person may bring articles in."""
    if not by.active or not by.may(Permission.WRITE_ARTICLES):
        raise Refused(N_("您的岗位不能导入知识。"))


def fits(name: str, wish: Wish) -> None:
    """Raise ``BadFile`` for a name of no known type and a plan that can't be read."""
    kind_of(name)
    plan_of(Import(plan=wish.plan, source="x"))


ARTICLES = Bringer(
    Kind.ARTICLES,
    check_importer,
    fits,
    read,
    write,
    take_back,
    in_use=N_("已经有别的记录用到这篇知识，没有删除。"),
    nothing=N_("没有要新增或更新的知识。"),
)
