"""``tierdesk pack apply`` and ``undo``: decide, take, take back.

Each part is a transaction of its own, as on the page. The invariant: with ``--dry-run`` nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.feeding import feed
from portal.cli.pack_telling import items_told, tell_fates, tell_items
from portal.cli.pack_work import finish_pack
from portal.cli.place import Place, acting, opened
from portal.cli.telling import as_json, as_login, bar, tell_json
from portal.packs import applying, receiving, senders, signing
from portal.packs.idents import number_of
from portal.packs.models import Pack, PackItem
from portal.packs.parts import Bench, carry_on
from portal.packs.signing import own_key
from portal.packs.taking import kinds_open_to
from portal.packs.words import MOVING, Choice, Fate, Standing
from portal.people.models import Person
from portal.people.queries import holders_of
from portal.people.roles import Post

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
CHOSEN = {"theirs": Choice.TAKE, "ours": Choice.KEEP, "keep": Choice.KEEP, "draft": Choice.BESIDE}
Mapped = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the flags say is to be done with which items."""

    takes: Sequence[tuple[str, Choice]] = ()
    conflicts: Choice | None = None
    all_new: bool = False
    mapping: Mapped | None = None
    strict: bool = False

    def compare(self, session: Session, pack: Pack, by: Person) -> None:
        """Once more, with the places that the flags name."""
        if self.mapping or self.strict:
            applying.compare_again(session, pack, by=by, mapping=self.mapping, strict=self.strict)

    def write(self, session: Session, pack: Pack, by: Person) -> None:
        if self.all_new:
            for standing in (Standing.THEIRS, Standing.GONE):
                applying.choose_all(session, pack, standing, Choice.KEEP, by=by)
        if self.conflicts is not None:
            applying.choose_all(session, pack, Standing.CONFLICT, self.conflicts, by=by)
        for name, choice in self.takes:
            item = _named(session, pack, name)
            if item.fate == Fate.CHECKED:
                applying.choose(session, pack, item, choice, by=by)


def _named(session: Session, pack: Pack, name: str) -> PackItem:
    """By its number on the other desk, or by its whole name."""
    rows = session.scalars(select(PackItem).where(PackItem.pack_id == pack.id, PackItem.ident.contains(name)))
    found = [row for row in rows if name in (row.ident, number_of(row.ident))]
    if not found:
        raise Ended(f"资料包里没有编号为 {name} 的内容。", BAD_INPUT)
    if len(found) > 1:
        raise Ended(f"资料包里编号为 {name} 的不止一条，请写全名。", BAD_INPUT)
    return found[0]


class _Undo(Exception):
    """Leave the unit of work without keeping anything."""


@contextmanager
def looked_at(place: Place, file: Path, login: str | None) -> Iterator[tuple[Session, Pack]]:
    """A pack received, compared, and forgotten again."""
    try:
        with place.writing() as session:
            pack = _received(
                place, session, file, acting(session, login, Post.EDITOR, Post.EXPERT, Post.ADMIN)
            )
            while pack.phase in MOVING:
                carry_on(session, pack, Bench.of(place.settings))
            yield session, pack
            raise _Undo
    except _Undo:
        pass


def _received(place: Place, session: Session, file: Path, by: Person) -> Pack:
    settings = place.settings
    own = own_key(settings.data_dir).public
    pack = receiving.receive(session, file, name=file.name, by=by, folder=settings.data_dir, own=own)
    if pack.own or senders.trusted(session, signing.key_from(pack.public_key)):
        return pack
    raise Ended(
        f"签名人还没有受信任（指纹 {pack.fingerprint}）。请与对方核对指纹，再运行 tierdesk pack trust。",
        BAD_INPUT,
    )


@click.command(help="接收资料包：默认接收这里没有的和只有对方改过的；两边都改过的保留这里的。")
@click.argument("file", type=FILE, metavar="FILE")
@click.option(
    "--take", "takes", multiple=True, metavar="编号=theirs|ours|draft", help="单独决定一条，可多次。"
)
@click.option("--all-new", is_flag=True, help="只接收这里没有的。")
@click.option("--conflicts", type=click.Choice(["keep", "theirs", "draft"]), help="两边都改过的怎么办。")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="system:对方=这里",
    help="对方的系统、模块、单位是这里的哪个，可多次。",
)
@click.option("--strict", is_flag=True, help="对不上系统、模块、单位的不接收；默认去掉这些再接收。")
@click.option("--publish", is_flag=True, help="对方已发布的直接发布（标为未核实），不经这里审核。")
@click.option("--dry-run", is_flag=True, help="只比较，不写入。")
@as_login
@as_json
def apply(
    file: Path,
    takes: Sequence[str],
    all_new: bool,
    conflicts: str | None,
    maps: Sequence[str],
    strict: bool,
    publish: bool,
    dry_run: bool,
    login: str | None,
    as_json: bool,
) -> None:
    decision = Decision(
        [_taken(text) for text in takes], CHOSEN.get(conflicts or ""), all_new, _mapping(maps) or None, strict
    )
    with opened() as place:
        if dry_run:
            with looked_at(place, file, login) as (session, pack):
                decision.compare(session, pack, pack.by)
                _go_on(place, session, pack)
                decision.write(session, pack, pack.by)
                _tell(session, pack, as_json=as_json)
            return
        number = _take_in(place, file, login, decision)
        done = _applied(place, number, login, decision, publish=publish, quiet=as_json)
        with place.reading() as session:
            _tell_done(session, session.get_one(Pack, number), done, as_json=as_json)
        if done:
            feed(place, quiet=as_json)


def _go_on(place: Place, session: Session, pack: Pack) -> None:
    while pack.phase in MOVING:
        carry_on(session, pack, Bench.of(place.settings))


def _tell(session: Session, pack: Pack, *, as_json: bool) -> None:
    if as_json:
        tell_json({"older": pack.older, "items": items_told(session, pack)})
    else:
        tell_items(session, pack)


def _tell_done(session: Session, pack: Pack, done: int, *, as_json: bool) -> None:
    if as_json:
        tell_json({"pack": pack.id, "applied": done, "items": items_told(session, pack)})
    elif not done:
        click.echo("没有要接收的内容，什么也没有改。")
    else:
        click.echo(f"资料包 {pack.id}：", nl=False)
        tell_fates(session, pack)


def _take_in(place: Place, file: Path, login: str | None, decision: Decision) -> int:
    """The pack received and compared; its number."""
    with place.writing() as session:
        number = _received(place, session, file, _people(session, login)[0]).id
    finish_pack(place.settings, place.maker, number)
    with place.writing() as session:
        decision.compare(session, session.get_one(Pack, number), _people(session, login)[0])
    finish_pack(place.settings, place.maker, number)
    return number


def _people(session: Session, login: str | None) -> list[Person]:
    """The person named; without a name, an operator acts as an editor and as whoever curates defects."""
    if login:
        return [acting(session, login)]
    first = acting(session, None, Post.EDITOR, Post.EXPERT, Post.ANALYST)
    curators = [*holders_of(session, Post.EXPERT), *holders_of(session, Post.ANALYST)]
    return list(dict.fromkeys([first, *curators[:1]]))


def _applied(
    place: Place, number: int, login: str | None, decision: Decision, *, publish: bool, quiet: bool
) -> int:
    """Decide, then take what each of these people may take; returns how many items."""
    with place.writing() as session:
        pack, people = session.get_one(Pack, number), _people(session, login)
        if pack.phase in applying.OPEN:
            decision.write(session, pack, people[0])
        logins = [person.login for person in people]
    done = 0
    for one in logins:
        with place.writing() as session:
            pack, person = session.get_one(Pack, number), acting(session, one)
            if applying.asked(session, pack, person):
                done += applying.apply(session, pack, by=person, publish=publish)
        with bar("接收", quiet=quiet) as advance:
            finish_pack(place.settings, place.maker, number, advance)
    return done


def _taken(text: str) -> tuple[str, Choice]:
    name, choice = _pair(text, "--take")
    if choice not in CHOSEN:
        raise Ended(f"--take 要写成 编号=theirs、编号=ours 或 编号=draft，不能是“{text}”。", BAD_INPUT)
    return name, CHOSEN[choice]


def _pair(text: str, flag: str) -> tuple[str, str]:
    name, sign, value = text.rpartition("=")
    if not sign or not name or not value:
        raise Ended(f"{flag} 要写成 名称=值，不能是“{text}”。", BAD_INPUT)
    return name.strip(), value.strip()


def _mapping(maps: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, ours in (_pair(text, "--map") for text in maps):
        kind, _, code = name.partition(":")
        if kind not in ("system", "module", "unit") or not code:
            raise Ended(f"--map 要写成 system:对方代码=这里代码，不能是“{name}={ours}”。", BAD_INPUT)
        found.setdefault(kind, {})[code] = ours
    return found


@click.command(help="撤销已接收的资料包：接收以后没有人动过的恢复原样，动过的保留。")
@click.argument("number", type=int, metavar="编号")
@as_login
@as_json
def undo(number: int, login: str | None, as_json: bool) -> None:
    with opened() as place:
        with place.reading() as session:
            if session.get(Pack, number) is None:
                raise Ended(f"没有编号为 {number} 的资料包。", BAD_INPUT)
            logins = [person.login for person in _people(session, login) if kinds_open_to(person)]
        done = 0
        for one in logins:
            with place.writing() as session:
                pack, person = session.get_one(Pack, number), acting(session, one)
                if applying.may_undo(session, pack, person):
                    done += applying.undo(session, pack, by=person)
            finish_pack(place.settings, place.maker, number)
        if not done:
            raise Ended("这个资料包没有可以撤销的内容。", BAD_INPUT)
        with place.reading() as session:
            _tell_done(session, session.get_one(Pack, number), done, as_json=as_json)
        feed(place, quiet=as_json)
