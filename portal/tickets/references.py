"""What rows of a file refer to: systems, modules, units, categories and people, by code or by name.

One instance serves one import: it reads the catalogue once and every login once. The invariant: a
row that names something unknown is refused; an import never invents a system or a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.importing.fields import choice
from kb.importing.identity import chunks
from kb.importing.outcome import BadRow, Record
from portal.catalogue.queries import module_names, system_names
from portal.people.models import Person, PersonPost, Unit
from portal.people.roles import Permission, posts_with
from portal.tickets.words import CATEGORY_LABELS, Category

read_category = choice(Category, CATEGORY_LABELS)


class References:
    """The catalogue and the people as an import needs them."""

    def __init__(self, session: Session) -> None:
        self.session = session
        names = system_names(session)
        # A code wins over a name that happens to be spelled like it.
        self.systems = {name: code for code, name in names.items()} | {code: code for code in names}
        self.modules = _modules(session)
        units = session.execute(select(Unit.code, Unit.name)).all()
        self.units = {name: code for code, name in units} | {code: code for code, _ in units}
        self.people: dict[str, int | None] = {}

    def of_article(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values of an article with every name turned into its code."""
        self._settle_place(values)
        category = _category(values["category"])
        values["category"] = category.value if category else None
        values["units"] = tuple(self._known(unit, self.units, N_("单位")) for unit in values["units"])
        owner = values.get("owner")
        values["owner_id"] = self.writers.get(owner.strip().lower()) if owner else None
        return values

    @cached_property
    def writers(self) -> dict[str, int]:
        """Whoever may own an article, by login; another desk's owner is simply not among them."""
        posts = select(PersonPost.person_id).where(PersonPost.post.in_(posts_with(Permission.WRITE_ARTICLES)))
        rows = self.session.execute(
            select(Person.login, Person.id).where(Person.active, Person.id.in_(posts))
        )
        return dict(rows.all())

    def of_defect(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same for a defect record; owners become ids."""
        self._settle_place(values)
        for name in ("owner_middle", "owner_back"):
            values[f"{name}_id"] = self.person(values[name]) if values[name] else None
        return values

    def of_foreign_defect(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same for one from another tracker: whoever is unknown here owns nothing here."""
        for name in ("owner_middle", "owner_back"):
            if values[name] and self.people.get(values[name].strip().lower()) is None:
                values[name] = None
        return self.of_defect(values)

    def of_ticket(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same for a ticket; its requester becomes an id."""
        self._settle_place(values)
        if values["unit"]:
            values["unit"] = self._known(values["unit"], self.units, N_("单位"))
        values["requester_id"] = self.person(values["requester"])
        return values

    def _settle_place(self, values: dict[str, Any]) -> None:
        system, module = values["system"], values["module"]
        if system:
            values["system"] = system = self._known(system, self.systems, N_("系统"))
        if module and not system:
            raise BadRow(N_("写了模块就要写系统。"))
        if module:
            known = self.modules.get(system, {})
            values["module"] = self._known(module, known, N_("模块"))

    def _known(self, words: str, known: dict[str, str], what: str) -> str:
        if words not in known:
            raise BadRow(N_("目录里没有名为“%(words)s”的%(what)s。") % {"words": words, "what": what})
        return known[words]

    def expect(self, records: Iterable[Record], *names: str) -> None:
        """Look up in a few statements every login that these records' fields name."""
        logins = {
            str(login).strip().lower()
            for record in records
            for name in names
            if (login := record.fields.get(name))
        }
        for part in chunks(sorted(logins - self.people.keys())):
            rows = self.session.execute(select(Person.login, Person.id).where(Person.login.in_(part)))
            found = dict(rows.all())
            self.people |= {login: found.get(login) for login in part}

    def person(self, login: str) -> int:
        """The id of a login; raises ``BadRow`` when nobody has it."""
        name = login.strip().lower()
        if name not in self.people:
            self.people[name] = self.session.scalar(select(Person.id).where(Person.login == name))
        found = self.people[name]
        if found is None:
            raise BadRow(N_("没有账号为“%(login)s”的人。") % {"login": login})
        return found


def _category(words: Any) -> Category | None:
    try:
        return cast("Category | None", read_category(words))
    except BadRow as fault:
        raise BadRow(N_("请求类别（category）%(why)s。") % {"why": fault}) from fault


def _modules(session: Session) -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = {}
    for (system, code), name in module_names(session).items():
        known.setdefault(system, {}).setdefault(name, code)
    for system, code in module_names(session):
        known[system][code] = code
    return known
