"""Loading people and units. Passwords never come in with a file: a new person has none until it is set.

The invariant: a file without a column of posts leaves everybody's posts alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from indexer.words import N_
from kb.columns import now
from kb.importing.fields import Field, choice, code, one_of, switch, text, words
from kb.importing.identity import Key, chunks
from kb.importing.loading import Draft, Progress, assign, drafts_of
from kb.importing.outcome import BadRow, Outcome, Record
from portal.people.models import AuditEntry, Person, PersonPost, Unit
from portal.people.roles import BOUND_TO_SYSTEMS, BOUND_TO_UNITS, POST_LABELS, Post

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}", re.ASCII)
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
POST = re.compile(r"([^@:]+)(?:@([^:]+))?(?::(.+))?")
UNIT_KINDS = ("company", "province", "bureau", "department")
read_post = choice(Post, POST_LABELS)


def _posts(raw: Any) -> tuple[str, ...] | None:
    """None when the file has no such column; an empty cell takes every post away."""
    several: tuple[str, ...] = words(300)(raw)
    return None if raw is None else several


# fmt: off
UNIT_FIELDS = (
    Field("code",    N_("代码"),     code()),
    Field("parent",  N_("上级单位"), code()),
    Field("kind",    N_("级别"),     one_of(UNIT_KINDS, "department")),
)
FIELDS = (
    Field("record",  N_("记录类型"), one_of(("person", "unit"), "person")),
    Field("login",   N_("账号"),     code()),
    Field("name",    N_("姓名或名称"), text(200), required=True),
    Field("name_en", N_("英文名"),   text(200)),
    Field("email",   N_("邮箱"),     text(200)),
    Field("phone",   N_("电话"),     text(40)),
    Field("unit",    N_("单位"),     code()),
    Field("posts",   N_("岗位"),     _posts),
    Field("systems", N_("负责的系统"), words(64)),
    Field("locale",  N_("语言"),     one_of(("", "zh_CN", "en"), "")),
    Field("active",  N_("在用"),     switch(default=True)),
    *UNIT_FIELDS,
)
# fmt: on


def load(
    session: Session,
    records: Iterable[Record],
    *,
    by: int | None,
    systems: Collection[str] = (),
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Load units first, then people. ``systems``: the codes that posts may be bound to."""
    outcome = Outcome()
    drafts = drafts_of(records, FIELDS, outcome, settle=_whole, key=_key)
    units = _Units(session, [draft for draft in drafts if draft.values["record"] == "unit"], outcome)
    people = [draft for draft in drafts if draft.values["record"] == "person"]
    people = [draft for draft in people if _stands(draft, units, systems, outcome)]
    if outcome.faults and not skip_bad:
        return outcome
    units.write(by=by)
    if progress:
        progress(len(units.drafts))
    for part in chunks(people):
        _write(session, part, units.by_code, outcome, by=by)
        if progress:
            progress(len(part))
    return outcome


def _key(values: dict[str, Any]) -> Key:
    return ("unit", values["code"]) if values["record"] == "unit" else ("person", values["login"])


def _whole(values: dict[str, Any]) -> dict[str, Any]:
    if values["record"] == "unit":
        check_unit(values)
        return values
    values["login"] = (values["login"] or "").lower()
    if not LOGIN.fullmatch(values["login"]):
        raise BadRow(N_("账号（login）只能用字母、数字和 . _ - @。"))
    if not values["unit"]:
        raise BadRow(N_("缺少单位（unit）。"))
    values["rows"] = None if values["posts"] is None else [_post(words, values) for words in values["posts"]]
    return values


def _post(words: str, values: dict[str, Any]) -> tuple[Post, str | None, tuple[str, ...]]:
    """``agent``, ``agent@ld`` or ``expert:mkt+oa`` → post, unit, systems."""
    found = POST.fullmatch(words)
    post = read_post(found[1].strip() if found else words)
    unit = (found[2] if found and found[2] else values["unit"]) if post in BOUND_TO_UNITS else None
    named = found[3].split("+") if found and found[3] else values["systems"]
    systems = tuple(sorted({name.strip() for name in named})) if post in BOUND_TO_SYSTEMS else ()
    return post, unit, systems


def _stands(draft: Draft, units: _Units, systems: Collection[str], outcome: Outcome) -> bool:
    """Do the units and systems that this person names exist?"""
    rows = draft.values["rows"] or []
    named = {draft.values["unit"], *(unit for _, unit, _ in rows if unit)}
    unknown = sorted(named - units.codes) + sorted(
        {code for *_, bound in rows for code in bound} - set(systems)
    )
    if unknown:
        outcome.refuse(draft.row, N_("没有代码为 %(codes)s 的单位或系统。") % {"codes": "、".join(unknown)})
    return not unknown


def _write(
    session: Session, drafts: Sequence[Draft], units: dict[str, Unit], outcome: Outcome, *, by: int | None
) -> None:
    logins = [draft.values["login"] for draft in drafts]
    present = {row.login: row for row in session.scalars(select(Person).where(Person.login.in_(logins)))}
    for draft in drafts:
        person = present.get(draft.values["login"])
        fields = {
            name: draft.values[name] for name in ("name", "name_en", "email", "phone", "locale", "active")
        }
        fields["unit_id"] = units[draft.values["unit"]].id
        if person is None:
            person = Person(login=draft.values["login"], created_at=now(session), posts=[], **fields)
            session.add(person)
            _give_posts(person, draft.values["rows"] or [], units)
            outcome.new += 1
        elif assign(person, fields) | _give_posts(person, draft.values["rows"], units):
            outcome.changed += 1
        else:
            outcome.unchanged += 1
            continue
        audit(session, "person", person.login, by=by)
    session.flush()


def _give_posts(
    person: Person, rows: list[tuple[Post, str | None, tuple[str, ...]]] | None, units: dict[str, Unit]
) -> bool:
    if rows is None:
        return False
    wanted = sorted((post, units[unit].id if unit else 0, list(systems)) for post, unit, systems in rows)
    held = sorted((row.post, row.unit_id or 0, sorted(row.systems)) for row in person.posts)
    if wanted == held:
        return False
    person.posts = [
        PersonPost(post=post, unit_id=unit or None, systems=bound) for post, unit, bound in wanted
    ]
    return True


def audit(session: Session, subject: str, name: str, *, by: int | None) -> None:
    """What an import changed is written down like what an administrator changes by hand."""
    entry = AuditEntry(at=now(session), by_id=by, action="import", subject=subject, subject_id=name[:64])
    session.add(entry)


# ── units ────────────────────────────────────────────────────────────────────────────────────────


def check_unit(values: dict[str, Any]) -> None:
    """A unit's code becomes part of the paths below it, so it must be plain."""
    if not CODE.fullmatch(values["code"] or ""):
        raise BadRow(N_("单位代码（code）只能用字母、数字和 . _ -。"))


class _Units:
    """Every unit there is or will be, so that parents may come after their children in the file."""

    def __init__(self, session: Session, drafts: Sequence[Draft], outcome: Outcome) -> None:
        self.session, self.outcome = session, outcome
        self.by_code = {unit.code: unit for unit in session.scalars(select(Unit))}
        parents = {unit.code: unit.parent.code if unit.parent else None for unit in self.by_code.values()}
        parents |= {draft.values["code"]: draft.values["parent"] for draft in drafts}
        self.drafts = [draft for draft in drafts if self._stands(draft, parents)]
        self.drafts.sort(key=lambda draft: len(_ancestry(draft.values["code"], parents)))
        self.codes = self.by_code.keys() | {draft.values["code"] for draft in self.drafts}

    def _stands(self, draft: Draft, parents: dict[str, str | None]) -> bool:
        above = _ancestry(draft.values["code"], parents)
        missing = [code for code in above if code not in parents]
        if missing:
            self.outcome.refuse(draft.row, N_("没有代码为 %(codes)s 的上级单位。") % {"codes": missing[0]})
        elif len(set(above)) < len(above):
            self.outcome.refuse(
                draft.row, N_("单位 %(code)s 成了自己的上级。") % {"code": draft.values["code"]}
            )
        return not missing and len(set(above)) == len(above)

    def write(self, *, by: int | None) -> None:
        for draft in self.drafts:
            self._write(draft.values, by=by)
        self.session.flush()
        for unit in sorted(self.by_code.values(), key=lambda unit: len(self._path(unit))):
            assign(unit, {"path": self._path(unit)})
        self.session.flush()

    def _write(self, values: dict[str, Any], *, by: int | None) -> None:
        parent = self.by_code[values["parent"]] if values["parent"] else None
        fields = {name: values[name] for name in ("name", "name_en", "kind", "active")}
        unit = self.by_code.get(values["code"])
        if unit is None:
            unit = Unit(code=values["code"], parent=parent, path="", **fields)
            self.by_code[unit.code] = unit
            unit.path = self._path(unit)
            self.session.add(unit)
            self.outcome.new += 1
        elif assign(unit, {**fields, "parent": parent}):
            self.outcome.changed += 1
        else:
            self.outcome.unchanged += 1
            return
        audit(self.session, "unit", unit.code, by=by)

    def _path(self, unit: Unit) -> str:
        codes = [unit.code]
        while unit.parent is not None:
            unit = unit.parent
            codes.append(unit.code)
        return f"/{'/'.join(reversed(codes))}/"


def _ancestry(code: str, parents: dict[str, str | None]) -> list[str]:
    """This code and those above it; a cycle ends where it closes."""
    found: list[str] = []
    above: str | None = code
    while above:
        found.append(above)
        if found.count(above) > 1:
            break
        above = parents.get(above)
    return found


def load_units(
    session: Session, drafts: Sequence[Draft], outcome: Outcome, *, by: int | None, write: bool
) -> frozenset[str]:
    """For the catalogue's files, which may hold units too; returns the codes there are or will be."""
    units = _Units(session, drafts, outcome)
    if write:
        units.write(by=by)
    return frozenset(units.codes)
