"""``import defects --from``: another tracker's export through the command, twice, dry, with duplicates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.causes.tracker_files import BUGZILLA_CSV, BUGZILLA_XML, JIRA_XML
from tests.cli.conftest import Desk, Write

CATALOGUE = "record,code,name,system\nsystem,mkt,营销业务应用系统,\nmodule,meter,计量资产,mkt\n"
MAPPING = '[system]\n"计费" = "mkt"\n[module]\n"抄表" = "meter"\n'


@pytest.fixture
def stocked(staffed: Desk, write: Write) -> Desk:
    assert staffed.json("import", "catalogue", write("catalogue.csv", CATALOGUE))["new"] == 2
    return staffed


@pytest.fixture
def mapping(write: Write) -> Path:
    return write("map.toml", MAPPING)


def exported(desk: Desk) -> dict[str, dict[str, Any]]:
    out = desk.folder / "out.jsonl"
    desk.json("export", "defects", out)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    return {row["external_id"]: row for row in rows}


def test_a_bugzilla_export_comes_in_once(stocked: Desk, write: Write, mapping: Path) -> None:
    bugs = write("bugs.xml", BUGZILLA_XML)
    rejects = stocked.folder / "rejects.csv"
    asked = ("import", "defects", bugs, "--from", "bugzilla", "--mapping", mapping, "--skip-bad", rejects)
    assert "无权看这一条" in stocked.refused(*asked[:-2])
    assert exported(stocked) == {}
    assert stocked.json(*asked, "--dry-run")["new"] == 3
    assert exported(stocked) == {}
    told = stocked.json(*asked)
    assert (told["new"], told["rejected"]) == (3, 1)
    found = exported(stocked)
    assert (found["101"]["state"], found["101"]["module"]) == ("fixed", "meter")
    assert found["101"]["owner_back"] is None
    assert "chen@old.example" in found["101"]["reproduce"]
    assert (found["102"]["state"], found["102"]["duplicate_of"]) == ("duplicate", "bugzilla|101")
    again = stocked.json(*asked)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 3)
    assert exported(stocked) == found


def test_a_repaired_bug_must_say_in_which_version(stocked: Desk, write: Write, mapping: Path) -> None:
    bugs = write("bugs.xml", BUGZILLA_XML.replace("6.2.1", "---"))
    asked = ("import", "defects", bugs, "--from", "bugzilla", "--skip-bad", stocked.folder / "r.csv")
    told = stocked.json(*asked, "--mapping", mapping)
    assert "修复版本" in " ".join(fault["reason"] for fault in told["faults"])
    other = write("with.toml", MAPPING + '[defaults]\nfixed_in = "6.0"\n')
    assert stocked.json(*asked, "--mapping", other)["rejected"] == 1  # the one that was not let out
    assert exported(stocked)["101"]["fixed_in"] == "6.0"


def test_a_list_of_the_same_bugs_takes_nothing_away(stocked: Desk, write: Write, mapping: Path) -> None:
    flags = ("--from", "bugzilla", "--mapping", mapping, "--skip-bad", stocked.folder / "r.csv")
    stocked.json("import", "defects", write("bugs.xml", BUGZILLA_XML), *flags)
    before = exported(stocked)
    told = stocked.json("import", "defects", write("bugs.csv", BUGZILLA_CSV), *flags)
    assert (told["new"], told["rejected"]) == (1, 0)
    after = exported(stocked)
    assert after["101"]["symptoms"] == before["101"]["symptoms"] != []


def test_what_colleagues_added_here_stays(stocked: Desk, write: Write, mapping: Path) -> None:
    bugs = write("jira.xml", JIRA_XML)
    asked = ("import", "defects", bugs, "--from", "jira", "--mapping", mapping)
    assert stocked.json(*asked)["new"] == 3
    row = exported(stocked)["BILL-7"]
    own = {**row, "workaround": "分批结算", "symptoms": [*row["symptoms"], "月底卡住"], "cause": "锁表"}
    assert stocked.json("import", "defects", write("own.jsonl", json.dumps(own)))["changed"] == 1
    told = stocked.json(*asked)
    assert told["changed"] in (0, 1)
    kept = exported(stocked)["BILL-7"]
    assert kept["workaround"] == "分批结算"
    assert "月底卡住" in kept["symptoms"]


def test_duplicates_come_home_and_reach_another_desk(stocked: Desk, write: Write, mapping: Path) -> None:
    stocked.json("import", "defects", write("jira.xml", JIRA_XML), "--from", "jira", "--mapping", mapping)
    out = stocked.folder / "out.csv"
    stocked.json("export", "defects", out)
    told = stocked.json("import", "defects", out)
    assert (told["new"], told["changed"], told["unchanged"]) == (0, 0, 3)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("articles", "{bugs}", "--from", "jira"), "只用于 defects"),
        (("defects", "{bugs}", "--mapping", "{map}"), "要和 --from 一起"),
        (("defects", "{bugs}", "--from", "bugzilla", "--set", "system=mkt"), "不和 --map"),
        (("defects", "{bugs}", "--from", "jira"), "最外层应是 <rss>"),
        (("defects", "{bugs}", "--from", "bugzilla"), "没有名为“计费”的系统"),
        (("defects", "none.xml", "--from", "bugzilla"), "找不到文件"),
        (("defects", "{bugs}", "--from", "bugzilla", "--mapping", "none.toml"), "读不了对照表"),
    ],
)
def test_what_does_not_go_together_is_told(
    stocked: Desk, write: Write, mapping: Path, args: tuple[str, ...], words: str
) -> None:
    bugs = write("bugs.xml", BUGZILLA_XML)
    given = [arg.format(bugs=bugs, map=mapping) for arg in args]
    assert words in stocked.refused("import", *given)
