"""A pack that is not whole, not signed, not ours to trust, or too much: refused with a sentence."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import stat
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.packs import canonical, manifest, signing
from portal.packs.archive import EPOCH
from portal.packs.receiving import items_of
from portal.packs.words import BadPack, Phase, Standing
from tests.packs.desks import Desk
from tests.web.conftest import png_of

TITLE = "电费发票怎么下载"


@pytest.fixture
def pack(here: Desk) -> Path:
    """A pack with two articles and a picture."""
    number = here.publish(TITLE, f"![图]({here.picture(png_of(30, 20))})")
    with here.work() as (session, editor):
        from portal.tickets.illustrations import adopt

        adopt(session, here.article(session, number), by=editor)
    here.publish("公文打不开", also=["附件损坏"])
    return here.make()


def everything_in(path: Path) -> tuple[Any, ...]:
    """All that a reader gets out of a pack."""
    with manifest.opened(path) as found:
        items = [item.as_dict() for item in items_of(found)]
        files = [found.archive.content(one.name) for one in found.manifest.members if "files/" in one.name]
        return found.manifest, items, files


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The same zip with other members."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    change(members)
    out = path.with_name("other.tdpack")
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
    return out


def signed_anew(here: Desk, path: Path, change: Callable[[dict[str, Any], dict[str, bytes]], None]) -> Path:
    """What somebody with a trusted key could make: another manifest, rightly signed."""

    def resign(members: dict[str, bytes]) -> None:
        said = json.loads(members["manifest.json"])
        change(said, members)
        raw = canonical.spelled(said)
        members |= {"manifest.json": raw, "manifest.sig": here.key.sign(raw)}

    return rewritten(path, resign)


@given(data=st.data())
@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_bit_is_turned_nothing_else_is_read(pack: Path, data: st.DataObject) -> None:
    whole, content = everything_in(pack), bytearray(pack.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    touched = pack.with_name("touched.tdpack")
    touched.write_bytes(content)
    with contextlib.suppress(BadPack):
        assert everything_in(touched) == whole


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_half_a_file_is_no_pack(pack: Path, share: float) -> None:
    content = pack.read_bytes()
    pack.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadPack):
        everything_in(pack)


def swap_line(members: dict[str, bytes]) -> None:
    members["articles.jsonl"] = members["articles.jsonl"].replace("公文".encode(), "公告".encode())


def swap_file(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("files/"))
    members[name] = png_of(30, 20)[:-4] + b"\0\0\0\0"


def forge_key(members: dict[str, bytes]) -> None:
    members["manifest.pub"] = bytes(32)


def drop_signature(members: dict[str, bytes]) -> None:
    del members["manifest.sig"]


def add_member(members: dict[str, bytes]) -> None:
    members[f"files/{'0' * 64}"] = b"more"


def leave_a_member(members: dict[str, bytes]) -> None:
    del members["articles.jsonl"]


def traverse(members: dict[str, bytes]) -> None:
    members["../../etc/cron.d/x"] = b"* * * * *"


def change_manifest(members: dict[str, bytes]) -> None:
    members["manifest.json"] = members["manifest.json"].replace("岭海".encode(), "海岭".encode())


@pytest.mark.parametrize(
    "change",
    [
        swap_line,
        swap_file,
        forge_key,
        drop_signature,
        add_member,
        leave_a_member,
        traverse,
        change_manifest,
    ],
)
def test_a_changed_pack_is_refused(pack: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with pytest.raises(BadPack) as refusal:
        everything_in(rewritten(pack, change))
    assert str(refusal.value).endswith("。")


def other_format(said: dict[str, Any], _members: dict[str, bytes]) -> None:
    said["version"] = 2


def one_field_more(said: dict[str, Any], _members: dict[str, bytes]) -> None:
    said["run"] = "rm -rf /"


def items_doubled(said: dict[str, Any], _members: dict[str, bytes]) -> None:
    said["items"] += said["items"]


def _line(said: dict[str, Any], members: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> None:
    """Change the first item, and all hashes with it."""
    first, *rest = members["articles.jsonl"].splitlines()
    value = json.loads(first)
    change(value)
    lines = [canonical.spelled(value), *rest]
    content = b"".join(line + b"\n" for line in lines)
    members["articles.jsonl"] = content
    said["items"][0]["sha256"] = hashlib.sha256(lines[0]).hexdigest()
    row = next(row for row in said["members"] if row["name"] == "articles.jsonl")
    row |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


ITEM_CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a field of the table": lambda value: value["content"].update(state="published"),
    "another audience": lambda value: value["content"].update(audience="nobody"),
    "no title": lambda value: value["content"].update(title=""),
    "too long": lambda value: value["content"].update(body="长" * 300_000),
    "no text": lambda value: value["content"].update(body=7),
    "hidden signs": lambda value: value["content"].update(title="a\u0000b"),
    "a foreign name": lambda value: value.update(id="0" * 16 + ":QX000001@20260101T000000.000000"),
    "a file left out": lambda value: value["content"].update(files=[{"sha256": "0" * 64, "name": "x.png"}]),
    "a line of nonsense": lambda value: value.update(line=["x"]),
}


@pytest.mark.parametrize("what", ITEM_CHANGES)
def test_even_a_trusted_signer_sends_only_what_the_tables_hold(here: Desk, pack: Path, what: str) -> None:
    def change(said: dict[str, Any], members: dict[str, bytes]) -> None:
        _line(said, members, ITEM_CHANGES[what])

    with pytest.raises(BadPack):
        everything_in(signed_anew(here, pack, change))


@pytest.mark.parametrize("change", [other_format, one_field_more, items_doubled])
def test_a_manifest_is_of_this_format(here: Desk, pack: Path, change: Callable[..., None]) -> None:
    with pytest.raises(BadPack):
        everything_in(signed_anew(here, pack, change))


def test_a_zip_of_another_kind_is_refused(pack: Path) -> None:
    with zipfile.ZipFile(pack) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    for twist in twists(members):
        pack.write_bytes(twist)
        with pytest.raises(BadPack):
            everything_in(pack)


def twists(members: dict[str, bytes]) -> Iterator[bytes]:
    link = zipfile.ZipInfo("files/" + "1" * 64, EPOCH)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    yield zipped(members, (link, b"/etc/passwd"))
    bomb = zipfile.ZipInfo("files/" + "2" * 64, EPOCH)
    bomb.compress_type = zipfile.ZIP_DEFLATED
    yield zipped(members, (bomb, bytes(30 << 20)))
    odd = zipfile.ZipInfo("files/" + "3" * 64, EPOCH)
    odd.compress_type = zipfile.ZIP_BZIP2
    yield zipped(members, (odd, b"x"))


def zipped(members: dict[str, bytes], more: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content)
        archive.writestr(*more)
    return held.getvalue()


# ── whose ────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_of_a_strangers_pack_is_laid_out(here: Desk, there: Desk, pack: Path) -> None:
    number = there.receive(pack)
    assert there.standings(number) == {}
    with there.maker() as session:
        from portal.packs.models import Pack

        assert session.get_one(Pack, number).phase == Phase.UNTRUSTED


def test_a_trusted_key_speaks_for_one_desk(friends: tuple[Desk, Desk], pack: Path) -> None:
    here, there = friends
    there.receive(pack)

    def pose(said: dict[str, Any], _members: dict[str, bytes]) -> None:
        said["desk"]["id"] = "f" * 16

    with pytest.raises(BadPack, match="不能代表"):
        there.receive(signed_anew(here, pack, pose))


def test_trust_that_has_ended_ends_taking(friends: tuple[Desk, Desk], pack: Path) -> None:
    from sqlalchemy import select

    from kb.flow import Refused
    from portal.packs import senders
    from portal.packs.models import PackSender

    _, there = friends
    number = there.receive(pack)
    with there.work("admin") as (session, admin):
        senders.distrust(session, session.scalars(select(PackSender)).one(), by=admin)
    with pytest.raises(Refused, match="没有受信任"):
        there.apply(number)


def test_an_older_pack_is_marked(friends: tuple[Desk, Desk]) -> None:
    from datetime import timedelta

    from portal.packs.models import Pack, PackSender

    here, there = friends
    here.publish(TITLE)
    path = here.make()
    number = there.take(path)
    with there.work() as (session, _):
        for sender in session.query(PackSender):
            assert sender.latest is not None
            sender.latest += timedelta(days=1)
    again = there.receive(path)
    with there.maker() as session:
        assert not session.get_one(Pack, number).older
        assert session.get_one(Pack, again).older
    assert there.standings(again) == {TITLE: Standing.UNCHANGED}


# ── the key ──────────────────────────────────────────────────────────────────────────────────────


def test_a_key_that_others_can_read_is_not_used(here: Desk) -> None:
    assert here.key.public == here.key.public
    assert "OwnKey(" in repr(here.key)
    path = here.settings.data_dir / signing.FILE
    path.chmod(0o644)
    with pytest.raises(BadPack, match="chmod 600"):
        signing.own_key(here.settings.data_dir)


def test_fingerprints_are_compared_whole_however_they_are_typed(here: Desk) -> None:
    wanted = signing.fingerprint(here.key.public)
    assert signing.is_typed(wanted.lower().replace("-", " "), wanted)
    assert not signing.is_typed(wanted[:-1], wanted)
    assert not signing.is_typed("", wanted)
