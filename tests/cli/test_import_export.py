"""``import`` and ``export`` through the command: all or nothing, skipping, idempotence, rights."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Desk, Write

TABLE = "external_id,title,body\n1,怎样重置密码,先打开登录页\n2,怎样连VPN,先装客户端\n"
BAD = TABLE + "3,,没有标题\n4,好,=1+1\n"


@pytest.fixture
def table(write: Write) -> Path:
    return write("faq.csv", TABLE)


def test_an_import_says_what_it_did_and_a_second_changes_nothing(staffed: Desk, table: Path) -> None:
    assert "新增 2，更新 0，不变 0" in staffed.run("import", "articles", table).stdout
    again = staffed.json("import", "articles", table)
    assert (again["new"], again["changed"], again["unchanged"], again["written"]) == (0, 0, 2, True)


def test_a_dry_run_writes_nothing(staffed: Desk, table: Path) -> None:
    told = staffed.json("import", "articles", table, "--dry-run")
    assert (told["new"], told["written"]) == (2, False)
    assert staffed.json("import", "articles", table)["new"] == 2


def test_a_bad_row_is_told_by_number_and_nothing_is_written(staffed: Desk, write: Write) -> None:
    result = staffed.run("import", "articles", write("faq.csv", BAD))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "faq.csv 第 4 行：缺少标题（title）" in result.stderr
    assert "没有写入任何内容" in result.stderr
    assert staffed.json("export", "articles", staffed.folder / "out.jsonl")["exported"] == 0


def test_bad_rows_may_be_skipped_into_a_file_that_is_safe_to_open(staffed: Desk, write: Write) -> None:
    rejects = staffed.folder / "rejects.csv"
    content = TABLE + "5,,\"=cmd|' /C calc'!A0\"\n"
    told = staffed.json("import", "articles", write("faq.csv", content), "--skip-bad", rejects)
    assert (told["new"], told["rejected"], told["written"]) == (2, 1, True)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["_row"], row["external_id"]) == ("4", "5")
    assert "缺少标题" in row["_reason"]
    assert row["body"].startswith("'=")


def test_json_carries_the_faults(staffed: Desk, write: Write) -> None:
    result = staffed.run("import", "articles", write("a.csv", BAD), "--json")
    told = json.loads(result.stdout)
    assert told["faults"][0]["row"] == 4
    assert told["written"] is False


def test_columns_are_mapped_by_flags_and_by_a_file(staffed: Desk, write: Write) -> None:
    rows = write("r.jsonl", json.dumps({"nr": 1, "q": "问", "a": "答", "eq": "q", "ea": "a"}) + "\n")
    flags = ["--field", "title=q", "--field", "body=a", "--field", "external_id=nr", "--set", "kind=howto"]
    assert staffed.json("import", "articles", rows, *flags, "--source", "s1")["new"] == 1
    plan = write(
        "map.toml",
        'source = "s2"\n[[article]]\n[article.fields]\nexternal_id="{nr}.zh"\ntitle="q"\nbody="a"\n'
        '[[article]]\ntranslation_of = 1\n[article.fields]\nexternal_id="{nr}.en"\ntitle="eq"\nbody="ea"\n'
        '[article.set]\nlanguage="en"\n',
    )
    assert staffed.json("import", "articles", rows, "--map", plan)["new"] == 2
    out = staffed.folder / "out.jsonl"
    staffed.json("export", "articles", out)
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [(row["source"], row["language"], row["kind"]) for row in found] == [
        ("s1", "zh", "howto"),
        ("s2", "zh", "faq"),
        ("s2", "en", "faq"),
    ]
    assert found[2]["translation_of"] == "1.zh"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["none.csv"], "找不到文件"),
        (["faq.csv", "--field", "title=问题"], "没有名为 问题 的列"),
        (["faq.csv", "--set", "colour=red"], "没有名为 colour 的字段"),
        (["faq.csv", "--map", "none.toml"], "读不了对照表"),
        (["faq.csv", "--as", "nobody"], "没有账号为“nobody”"),
        (["faq.csv", "--encoding", "utf-16"], "编码"),
        (["faq.csv", "--skip-bad", "no/such/place.csv"], "不存在"),
    ],
)
def test_input_that_cannot_be_used_is_one_sentence(
    staffed: Desk, table: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], words: str
) -> None:
    monkeypatch.chdir(staffed.folder)
    said = staffed.refused("import", "articles", *args)
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_an_import_needs_somebody_who_did_it(desk: Desk, table: Path) -> None:
    assert "tierdesk user add" in desk.refused("import", "articles", table)


def test_publishing_needs_a_post_that_may(staffed: Desk, table: Path) -> None:
    staffed.run("user", "add", "ella", "--post", "agent", stdin=f"{PASSWORD}\n")
    assert "不能发布" in staffed.refused("import", "articles", table, "--publish", "--as", "ella")
    assert staffed.json("import", "articles", table, "--publish", "--as", "edith")["new"] == 2


def test_what_was_imported_is_found(staffed: Desk, table: Path) -> None:
    staffed.json("import", "articles", table, "--publish")
    found = staffed.json("search", "VPN 客户端")
    assert found["mode"] == "lexical"
    assert found["results"][0]["title"] == "怎样连VPN"
    assert "怎样连VPN" in staffed.run("search", "VPN", "--kind", "article", "--explain").stdout


def test_the_fields_are_listed(desk: Desk) -> None:
    for noun in ("articles", "defects", "tickets", "people", "catalogue"):
        assert {"name", "meaning", "required"} <= desk.json("import", noun, "--fields")[0].keys()
    assert "（必需）" in desk.run("import", "articles", "--fields").stdout


def test_a_whole_desk_goes_out_and_comes_in_elsewhere(
    staffed: Desk, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = write("c.csv", "record,code,name,system\nsystem,mkt,营销系统,\nmodule,bill,电费核算,mkt\n")
    assert staffed.json("import", "catalogue", catalogue)["new"] == 2
    defect = write("d.csv", "external_id,title,system,module\nD1,冲销错期,营销系统,电费核算\n")
    assert staffed.json("import", "defects", defect)["new"] == 1
    ticket = write(
        "t.csv", "external_id,text,category,system,requester,defect\nT1,冲销错了,缺陷,mkt,edith,D1\n"
    )
    assert staffed.json("import", "tickets", ticket)["new"] == 1
    nouns = ("catalogue", "people", "defects", "tickets")
    files = {noun: staffed.folder / f"{noun}.xlsx" for noun in nouns}
    for noun in nouns:
        assert staffed.json("export", noun, files[noun])["exported"]
        assert staffed.json("import", noun, files[noun])["new"] == 0
    monkeypatch.setenv("TIERDESK_DATA_DIR", str(staffed.folder / "elsewhere"))
    staffed.run("user", "add", "edith", "--post", "editor", stdin=f"{PASSWORD}\n")
    for noun in nouns:
        assert staffed.json("import", noun, files[noun])["rejected"] == 0
    assert "全部完好" in staffed.run("trail", "verify").stdout


def test_an_export_keeps_to_the_rights_of_whom_it_is_for(staffed: Desk, table: Path) -> None:
    staffed.json("import", "articles", table)
    staffed.run("user", "add", "ella", "--post", "agent", stdin=f"{PASSWORD}\n")
    out = staffed.folder / "out.csv"
    assert staffed.json("export", "articles", out)["exported"] == 2
    assert staffed.json("export", "articles", out, "--as", "ella")["exported"] == 0  # drafts are not hers
    for noun in ("tickets", "people", "catalogue"):
        assert "不能导出" in staffed.refused("export", noun, out, "--as", "ella")
    assert "Markdown" in staffed.refused("export", "tickets", staffed.folder / "pages")
