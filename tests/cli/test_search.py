"""`tierdesk search --explain` and `--why`: readable on a terminal, one document for a script."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Desk, Write

ROWS = "title,body\n打印机脱机怎么办,重启打印服务\n考勤机说明,打印机另见别处\n"


@pytest.fixture
def filled(staffed: Desk, write: Write) -> Desk:
    done = staffed.run("import", "articles", write("a.csv", ROWS), "--as", "edith", "--publish")
    assert done.exit_code == 0, done.output
    return staffed


def test_every_stage_is_told_after_the_results(filled: Desk) -> None:
    said = filled.run("search", "打印机脱机", "--explain")
    assert said.exit_code == 0, said.output
    assert said.stdout.index("打印机脱机怎么办") < said.stdout.index("1. 编号和错误码")
    assert "数据库按权限复核" in said.stdout


def test_why_compares_a_document_with_the_winner(filled: Desk) -> None:
    found = {row["title"]: row["ref"] for row in filled.json("search", "打印机脱机")["results"]}
    said = filled.run("search", "打印机脱机", "--why", found["考勤机说明"]).stdout
    assert "和排在前面的" in said
    trace = filled.json("search", "打印机脱机", "--why", found["考勤机说明"])["trace"]
    (told,) = trace["why"]
    assert (told["fate"], told["place"]) == ("shown", 2)
    assert told["stages"]["words"]["rank"] == 2
    assert set(told["contributions"]) >= {"bias"}
    assert trace["results"][0]["probability"] > told["probability"]
    assert [stage["name"] for stage in trace["stages"]] == ["codes", "words", "fused", "final"]


def test_a_number_that_is_none_is_one_sentence(filled: Desk) -> None:
    assert "KB999999" in filled.refused("search", "打印机", "--why", "KB999999")
    assert "打印机" in filled.refused("search", "x", "--why", "打印机")
