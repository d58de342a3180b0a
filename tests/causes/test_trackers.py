"""What Bugzilla and Jira export, read: the shapes they write, the words they use, and what is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from defects.flow import DefectState
from kb.importing.outcome import BadFile, Record
from portal.causes.trackers import markup
from portal.causes.trackers.issue import symptoms_of
from portal.causes.trackers.mapping import Mapped, mapping_from, mapping_of
from portal.causes.trackers.reading import Tracker, records_of
from tests.causes.tracker_files import BUGZILLA_CSV, BUGZILLA_XML, JIRA_CSV, JIRA_XML, adf, jira_json

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE bugzilla [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    "<bugzilla><bug><bug_id>1</bug_id><short_desc>&b;</short_desc></bug></bugzilla>"
)
FETCHING = BOMB.replace(
    '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">', '<!ENTITY b SYSTEM "file:///etc/passwd">'
)
MAPPING = {
    "system": {"计费": "mkt", "*": "oa"},
    "module": {"计费/抄表": "meter"},
    "version": {"6.1-sp1": "6.1.1"},
    "people": {"chen@old.example": "engineer"},
    "defaults": {"fixed_in": "6.0"},
}


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, tracker: Tracker, mapping: dict[str, Any] | None = None, **given: Any) -> list[Record]:
    mapped = mapping_of("map.toml", mapping) if mapping is not None else Mapped()
    return records_of(path, tracker, mapped, **given)


def by_id(records: list[Record]) -> dict[str, dict[str, Any]]:
    return {str(record.fields.get("external_id")): dict(record.fields) for record in records if record.fields}


def test_a_bugzilla_export_becomes_records(tmp_path: Path) -> None:
    records = read(put(tmp_path, "bugs.xml", BUGZILLA_XML), Tracker.BUGZILLA, MAPPING)
    found = by_id(records)
    first = found["101"]
    assert first["source"] == "bugzilla"
    assert first["title"] == "抄表数据重复 & 金额翻倍"
    assert (first["system"], first["module"], first["severity"]) == ("mkt", "meter", 2)
    assert (first["state"], first["affected"], first["fixed_in"]) == (DefectState.FIXED, ("6.1.1",), "6.2.1")
    assert first["symptoms"] == ("同一户的抄表数据出现两次，金额翻倍", "报错 ORA-00001")
    assert "1. 打开抄表" in first["reproduce"]
    assert "报告人 wang@old.example" in first["reproduce"]
    assert "内部备注" not in str(first)
    assert first["owner_back"] == "engineer"
    assert first["cause"]
    assert (found["102"]["state"], found["102"]["duplicate_of"]) == (DefectState.DUPLICATE, "101")
    assert found["103"]["state"] == DefectState.NOT_A_DEFECT
    assert "symptoms" not in found["103"]  # its only remark is private
    faults = [record.row.fault for record in records if record.row.fault]
    assert faults == ["导出的人在来源系统里无权看这一条。"]
    assert "enhancement 1" in records[0].row.remarks[0]


def test_the_same_bugs_as_a_list_keep_their_ids(tmp_path: Path) -> None:
    found = by_id(read(put(tmp_path, "bugs.csv", BUGZILLA_CSV), Tracker.BUGZILLA, MAPPING))
    assert set(found) == {"101", "104"}
    assert found["101"]["source"] == "bugzilla"
    assert found["101"]["state"] == DefectState.FIXED
    assert "symptoms" not in found["101"]  # what a list does not hold stays as it is
    assert found["104"]["state"] == DefectState.CONFIRMED


def test_a_jira_export_becomes_records(tmp_path: Path) -> None:
    found = by_id(read(put(tmp_path, "jira.xml", JIRA_XML), Tracker.JIRA, MAPPING))
    first = found["BILL-7"]
    assert first["title"] == "月末结算超时"
    assert (first["state"], first["severity"]) == (DefectState.CLOSED, 1)
    assert (first["affected"], first["fixed_in"]) == (("6.1", "6.1.1"), "6.2")
    assert first["symptoms"] == ("月末结算**超时**，报 HTTP 504",)
    assert "<p>" not in first["reproduce"]
    assert found["BILL-8"]["duplicate_of"] == "BILL-7"
    assert found["BILL-9"]["state"] == DefectState.IN_PROGRESS
    assert "duplicate_of" not in found["BILL-7"]  # it is duplicated by another; that is no duplicate of it


def test_jira_says_the_same_in_json_and_in_csv(tmp_path: Path) -> None:
    from_json = by_id(read(put(tmp_path, "a.json", json.dumps(jira_json())), Tracker.JIRA, MAPPING))
    from_csv = by_id(read(put(tmp_path, "a.csv", JIRA_CSV), Tracker.JIRA, MAPPING))
    same = ("title", "state", "severity", "affected", "fixed_in", "system", "source")
    for key in ("BILL-7", "BILL-8"):
        assert [from_json[key].get(name) for name in same] == [from_csv[key].get(name) for name in same]
    assert from_csv["BILL-8"]["duplicate_of"] == from_json["BILL-8"]["duplicate_of"] == "BILL-7"
    lines = "\n".join(json.dumps(issue) for issue in jira_json()["issues"])
    assert by_id(read(put(tmp_path, "b.json", lines), Tracker.JIRA, MAPPING)) == from_json


def test_a_description_that_is_a_tree_becomes_lines(tmp_path: Path) -> None:
    issues = jira_json()
    issues["issues"][0]["fields"]["description"] = adf("登录后", "白屏，报 ", "E-5001")
    first = by_id(read(put(tmp_path, "a.json", json.dumps(issues)), Tracker.JIRA, MAPPING))["BILL-7"]
    assert first["symptoms"] == ("登录后", "白屏，报 E-5001")


def test_any_table_is_read_when_its_columns_are_named(tmp_path: Path) -> None:
    content = "缺陷号;标题名;所属;进展;严重\n7;打印错位;计费;新建;S2\n".encode("gb18030")
    mapping = {
        **MAPPING,
        "columns": {
            "id": "缺陷号",
            "summary": "标题名",
            "product": "所属",
            "status": "进展",
            "severity": "严重",
        },
        "state": {"新建": "已确认"},
    }
    found = by_id(read(put(tmp_path, "old.csv", content), Tracker.CSV, mapping))["7"]
    assert (found["title"], found["system"], found["severity"]) == ("打印错位", "mkt", 2)
    assert (found["state"], found["source"]) == (DefectState.CONFIRMED, "old")


def test_what_is_written_in_the_mapping_goes_before_the_defaults(tmp_path: Path) -> None:
    path = put(tmp_path, "bugs.xml", BUGZILLA_XML)
    mapping = {
        "source": "buero",
        "only": ["*"],
        "state": {"RESOLVED/INVALID": "已关闭", "new": "疑似"},
        "severity": {"major": 1},
        "type": {"performance": "系统性能"},
        "set": {"system": "oa"},
        "defaults": {"fixed_in": "5"},
    }
    found = by_id(read(path, Tracker.BUGZILLA, mapping))
    assert {row["system"] for row in found.values()} == {"oa"}
    assert {row["source"] for row in found.values()} == {"buero"}
    assert found["103"]["state"] == DefectState.CLOSED
    assert (found["101"]["severity"], found["101"]["type"]) == (1, "performance")
    assert "105" in found  # only = ["*"] takes everything
    assert by_id(read(path, Tracker.BUGZILLA, mapping, source="mine"))["101"]["source"] == "mine"


@pytest.mark.parametrize(
    ("name", "content", "tracker", "words"),
    [
        ("a.xml", BOMB, Tracker.BUGZILLA, "DOCTYPE"),
        ("a.xml", FETCHING, Tracker.BUGZILLA, "DOCTYPE"),
        ("a.xml", "<bugzilla><bug>", Tracker.BUGZILLA, "不是完整的 XML"),
        ("a.xml", "<rss><channel/></rss>", Tracker.BUGZILLA, "最外层应是 <bugzilla>"),
        ("a.xml", "<bugzilla/>", Tracker.BUGZILLA, "没有可以导入"),
        ("a.xml", "<bugzilla>" + "<x>" * 100 + "</x>" * 100 + "</bugzilla>", Tracker.BUGZILLA, "嵌套太深"),
        ("a.json", "{", Tracker.JIRA, "不是合法的 JSON"),
        ("a.json", '{"total": 1}', Tracker.JIRA, "没有 issues"),
        ("a.json", "[" * 100_000, Tracker.JIRA, "不是合法的 JSON"),
        ("a.csv", "a,b\n1,2\n", Tracker.JIRA, "找不到编号"),
        ("a.csv", 'Key,Summary\n1,"x\n', Tracker.JIRA, "引号"),
        ("a.csv", b"Key,Summary\n1,\xff\xff\n", Tracker.JIRA, "编码"),
        ("a.csv.gz", b"no gzip", Tracker.JIRA, "读不出来"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_one_sentence(
    tmp_path: Path, name: str, content: str | bytes, tracker: Tracker, words: str
) -> None:
    with pytest.raises(BadFile, match=words):
        read(put(tmp_path, name, content), tracker)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"colour": {}}, "不认识 colour"),
        ({"state": {"new": "brandnew"}}, "brandnew"),
        ({"type": {"x": "y"}}, "“y”不认识"),
        ({"severity": {"x": 9}}, "“9”不认识"),
        ({"system": ["mkt"]}, r"\[system\]"),
        ({"only": "Bug"}, "only"),
        ({"columns": {"colour": "x"}}, "colour"),
        ([], "对照表"),
    ],
)
def test_a_mapping_that_says_nothing_known_is_refused(written: Any, words: str) -> None:
    with pytest.raises(BadFile, match=words):
        mapping_of("map.toml", written)


def test_the_example_in_the_documents_is_a_mapping(tmp_path: Path) -> None:
    mapped = mapping_from(Path(__file__).parents[2] / "docs" / "examples" / "bugzilla.toml")
    bugs = put(tmp_path, "bugs.xml", BUGZILLA_XML)
    found = by_id(records_of(bugs, Tracker.BUGZILLA, mapped))
    assert (found["101"]["source"], found["101"]["state"]) == ("bugzilla-old", DefectState.VERIFIED)
    as_json = put(tmp_path, "m.json", json.dumps({"set": {"system": "mkt"}}))
    assert mapping_from(as_json).constants == {"system": "mkt"}


def test_bugzilla_may_name_its_definition_and_nobody_follows_it(tmp_path: Path) -> None:
    assert "<!DOCTYPE bugzilla SYSTEM" in BUGZILLA_XML
    assert by_id(
        read(put(tmp_path, "bugs.xml.gz", gzip.compress(BUGZILLA_XML.encode())), Tracker.BUGZILLA, MAPPING)
    )


def test_an_item_that_is_too_large_is_told_and_the_others_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup, "LARGEST_ITEM", 2_000)
    huge = BUGZILLA_XML.replace("1. 打开抄表", "x" * 3_000)
    records = read(put(tmp_path, "bugs.xml", huge), Tracker.BUGZILLA, MAPPING)
    assert records[0].row.fault == "这一条太大，没有导入。"
    assert "102" in by_id(records)


def test_an_unknown_state_is_a_bad_row_that_names_it(tmp_path: Path) -> None:
    odd = BUGZILLA_XML.replace("<bug_status>RESOLVED</bug_status>", "<bug_status>LIMBO</bug_status>", 1)
    odd = odd.replace("<resolution>FIXED</resolution>", "<resolution/>", 1)
    (fault,) = [
        record.row.fault
        for record in read(put(tmp_path, "bugs.xml", odd), Tracker.BUGZILLA, MAPPING)
        if "LIMBO" in record.row.fault
    ]
    assert "[state]" in fault


@pytest.mark.parametrize(
    ("text", "symptoms"),
    [
        ("", ()),
        ("打不开。\n\n以前可以。", ("打不开。",)),
        (
            "User-Agent: Mozilla/5.0\n\nSteps to Reproduce:\n1. open\n\nActual Results:\nblank page\n\n"
            "Expected Results:\na list",
            ("blank page",),
        ),
        ("页面白屏\n【重现步骤】\n1. 登录\n【实际结果】\n报 504\n【预期结果】\n正常", ("页面白屏", "报 504")),
    ],
)
def test_symptoms_are_what_the_reporter_saw(text: str, symptoms: tuple[str, ...]) -> None:
    assert symptoms_of(text) == symptoms


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "a.xml"
    for start in (b"", b"<bugzilla>", b"<rss><channel><item>", b"Key,Summary\n", b"{"):
        path.write_bytes(start + content)
        for tracker in Tracker:
            try:
                records_of(path, tracker, Mapped())
            except BadFile as fault:
                assert str(fault)


@settings(deadline=None)
@given(st.text(max_size=400))
def test_symptoms_of_any_text_are_short_lines(text: str) -> None:
    assert all(0 < len(line) <= 500 and "\n" not in line for line in symptoms_of(text))
