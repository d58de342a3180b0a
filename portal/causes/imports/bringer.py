"""Defect records as one kind of what ``portal.uploads`` brings in."""

from __future__ import annotations

from indexer.words import N_
from kb.flow import Refused
from portal.causes.imports.choices import mapped_by
from portal.causes.imports.reading import read
from portal.causes.imports.writing import take_back, write
from portal.people.models import Person
from portal.people.roles import Permission
from portal.uploads.bringing import Bringer, Wish
from portal.uploads.models import Kind


def check_importer(by: Person) -> None:
    """Raise :class:`Refused` unless this person curates defects."""
    if not by.active or not by.may(Permission.CURATE_DEFECTS):
        raise Refused(N_("您的岗位不能导入缺陷。"))


def fits(_name: str, wish: Wish) -> None:
    """Any name may come: what the file is counts. Raise ``BadFile`` for a mapping that can't be read."""
    mapped_by(wish.plan)


DEFECTS = Bringer(
    Kind.DEFECTS,
    check_importer,
    fits,
    read,
    write,
    take_back,
    in_use=N_("已经有别的记录用到这条缺陷，没有撤销。"),
    nothing=N_("没有要新增或更新的缺陷。"),
)
