"""A plan names columns for fields; what it can't mean is refused before a row is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.importing.articles import FIELDS
from kb.importing.outcome import BadFile, Row
from kb.importing.plan import plan_for
from tests.importing.conftest import rows_of


def planned(text: str, folder: Path, **options: object) -> object:
    path = folder / "map.toml"
    path.write_text(text, "utf-8")
    return plan_for("article", FIELDS, map_file=path, **options)  # type: ignore[arg-type]


def test_without_a_plan_columns_with_our_names_count() -> None:
    (record,) = plan_for("article", FIELDS).records(
        rows_of({"title": "一", "body": "b", "其他": "x"}), source="f"
    )
    assert (record.fields["title"], record.fields["source"]) == ("一", "f")


def test_flags_rename_and_fix() -> None:
    plan = plan_for(
        "article", FIELDS, fields=["title=问题", "body=答案"], constants=["kind=faq"], source="desk"
    )
    (record,) = plan.records(rows_of({"问题": "一", "答案": "b", "source": "x"}), source="f")
    assert record.fields["title"] == "一"
    assert record.fields["kind"] == "faq"
    assert record.fields["source"] == "desk"


def test_one_row_may_give_several_things_and_words_may_be_renamed(tmp_path: Path) -> None:
    plan = planned(
        """
        source = "faq"
        [[article]]
        [article.fields]
        external_id = "{id}.zh"
        title = "q_zh"
        body = "a_zh"
        kind = "type"
        [article.values.kind]
        question = "faq"
        [[article]]
        translation_of = 1
        [article.fields]
        external_id = "{id}.en"
        title = "q_en"
        body = "a_en"
        [article.set]
        language = "en"
        """,
        tmp_path,
    )
    row = {"id": 7, "type": "question", "q_zh": "问", "a_zh": "答", "q_en": "q", "a_en": "a"}
    first, second = plan.records(rows_of(row), source="f")  # type: ignore[attr-defined]
    assert (first.fields["external_id"], first.fields["kind"]) == ("7.zh", "faq")
    assert (second.fields["external_id"], second.fields["language"], second.table) == ("7.en", "en", 2)
    assert plan.originals == {2: 1}  # type: ignore[attr-defined]
    assert "kind" not in second.fields


def test_a_column_that_no_row_has_is_named_with_those_there_are() -> None:
    plan = plan_for("article", FIELDS, fields=["title=问题"])
    with pytest.raises(BadFile, match=r"没有名为 问题 的列.*body"):
        list(plan.records(rows_of({"body": "b"}), source="f"))


def test_a_required_field_without_a_column_is_named_with_the_flag_that_helps() -> None:
    with pytest.raises(BadFile, match="--field title=列名"):
        list(plan_for("article", FIELDS).records(rows_of({"body": "b"}), source="f"))


def test_lines_of_json_may_leave_keys_out() -> None:
    rows = rows_of({"title": "一", "body": "b"}, {"title": "二", "body": "b", "keywords": ["x"]})
    plan = plan_for("article", FIELDS, fields=["keywords=keywords"])
    assert len(list(plan.records(rows, source="f"))) == 2


def test_rows_that_could_not_be_read_pass_as_faults() -> None:
    (record,) = plan_for("article", FIELDS).records([Row("f", 1, {}, "坏")], source="f")
    assert record.row.fault == "坏"


@pytest.mark.parametrize(
    "flags", [{"fields": ["titel=x"]}, {"constants": ["colour=red"]}, {"fields": ["title"]}]
)
def test_an_unknown_field_or_a_half_flag_is_refused(flags: dict[str, list[str]]) -> None:
    with pytest.raises(BadFile):
        plan_for("article", FIELDS, **flags)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[[defect]]\n",
        "[[article]]\nfield = 1\n",
        "[[article]]\ntranslation_of = 2\n",
        "[[article]]\nfields = 3\n",
        "[[article]]\n[article.fields]\ntitle = 1\n",
        "article = [1]\n",
        "x = 1\n[[article]]\n",
    ],
)
def test_a_map_that_means_nothing_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadFile, match="对照表"):
        planned(text, tmp_path)
