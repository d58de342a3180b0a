"""``tierdesk pack`` between two installations: key, make, show, trust, check, apply, undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Desk, Write

ROWS = (
    '{"source": "s", "external_id": "1", "title": "电费发票怎么下载", "body": "打开页面，点下载。"}\n'
    '{"source": "s", "external_id": "2", "title": "公文附件打不开", "body": "另存为 PDF。"}\n'
)


class Network:
    """Two installations on one machine; ``at`` says in which the next command runs."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk, self.monkeypatch, self.folder = desk, monkeypatch, desk.folder

    def at(self, name: str) -> Desk:
        self.monkeypatch.setenv("TIERDESK_DATA_DIR", str(self.folder / name))
        self.monkeypatch.setenv("TIERDESK_COMPANY", name)
        return self.desk


@pytest.fixture
def network(desk: Desk, monkeypatch: pytest.MonkeyPatch, write: Write) -> Iterator[Network]:
    made = Network(desk, monkeypatch)
    for name in ("north", "south"):
        for login, post in (("edith", "editor"), ("ada", "admin"), ("eric", "expert")):
            added = made.at(name).run("user", "add", login, "--post", post, stdin=f"{PASSWORD}\n")
            assert added.exit_code == 0, added.output
    path = write("articles.jsonl", ROWS)
    assert made.at("north").run("import", "articles", path, "--publish").exit_code == 0
    yield made


def made_in_the_north(network: Network) -> Path:
    path = network.folder / "north.tdpack"
    told = network.at("north").json("pack", "make", "-o", path)
    assert told["counts"] == {"article": 2, "defect": 0, "synonym": 0, "file": 0}
    return path


def trusted(network: Network, path: Path) -> None:
    fingerprint = network.at("north").json("pack", "key")["fingerprint"]
    told = network.at("south").run(
        "pack", "trust", path, "--name", "北边", "--fingerprint", fingerprint.lower().replace("-", " ")
    )
    assert told.exit_code == 0, told.output


def test_the_key_is_made_once_and_is_the_owners_alone(network: Network) -> None:
    first, second = network.at("north").json("pack", "key"), network.at("north").json("pack", "key")
    assert first == second
    assert (network.folder / "north" / "pack_key").stat().st_mode & 0o777 == 0o600
    assert network.at("south").json("pack", "key")["fingerprint"] != first["fingerprint"]


def test_a_stranger_is_shown_and_nothing_is_taken_from_them(network: Network) -> None:
    path = made_in_the_north(network)
    south = network.at("south")
    told = south.json("pack", "show", path)
    assert (told["desk"], told["trusted"], told["counts"]["article"]) == ("north", None, 2)
    assert "还没有受信任" in south.refused("pack", "check", path)
    assert "还没有受信任" in south.refused("pack", "apply", path)
    assert south.json("pack", "list") == []
    assert "不一致" in south.refused(
        "pack", "trust", path, "--name", "北边", "--fingerprint", "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH"
    )


def test_a_pack_is_checked_taken_taken_again_and_taken_back(network: Network) -> None:
    path = made_in_the_north(network)
    trusted(network, path)
    south = network.at("south")
    looked = south.json("pack", "check", path)
    assert [item["standing"] for item in looked["items"]] == ["new", "new"]
    assert [item["choice"] for item in looked["items"]] == ["take", "take"]
    assert south.json("pack", "list") == []
    assert south.json("pack", "apply", path, "--dry-run")["items"] == looked["items"]
    number = looked["items"][1]["number"]
    done = south.json("pack", "apply", path, "--publish", "--take", f"{number}=ours")
    assert done["applied"] == 1
    found = south.json("search", "发票 下载", "--as", "edith")
    assert "电费发票怎么下载" in str(found)
    again = south.run("pack", "apply", path, "--take", f"{number}=ours")
    assert again.exit_code == 0
    assert "什么也没有改" in again.output
    undone = south.json("pack", "undo", str(done["pack"]))
    assert {item["fate"] for item in undone["items"]} == {"undone", "checked"}


def test_a_touched_file_is_refused_with_a_sentence(network: Network) -> None:
    path = made_in_the_north(network)
    whole = path.read_bytes()
    place = whole.index(b"articles.jsonl") + 40  # within the packed lines
    for content in (whole[: len(whole) // 2], whole[:place] + b"touched" + whole[place + 7 :]):
        path.write_bytes(content)
        said = network.at("south").refused("pack", "show", path)
        assert "资料包" in said
        assert said.count("\n") == 1


def test_wrong_words_are_answered_with_a_sentence(network: Network) -> None:
    path = made_in_the_north(network)
    south = network.at("south")
    assert "--take" in south.refused("pack", "apply", path, "--take", "KB000001=perhaps")
    assert "--map" in south.refused("pack", "apply", path, "--map", "planet:x=y")
    assert "没有编号" in south.refused("pack", "undo", "77")
    assert "没有这个指纹" in south.refused("pack", "distrust", "AAAA")
    assert "没有符合条件" in network.at("north").refused("pack", "make", "--synonyms", "-o", path)
    assert "不是资料包" in south.refused("pack", "show", Path(__file__))
