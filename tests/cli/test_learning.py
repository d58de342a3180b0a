"""``tierdesk learn`` and ``tierdesk evaluate-links`` as people and scripts run them; learning by night."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from indexer.evaluation import BadSet
from indexer.linking import Decision
from portal import config
from portal.cli.nightly import Child, Nightly
from portal.cli.place import opened
from portal.config import Settings
from portal.db import transaction
from portal.finder.lessons import runs
from portal.finder.lessons.models import LearningRun, RunState
from portal.finder.link_set import read
from portal.finder.link_trial import try_links
from portal.people.models import Person
from tests.cli.conftest import Desk

#: Each of them learns for real.
pytestmark = pytest.mark.slow

THINGS = ("发票二维码空白", "附件上传停住", "列表顺序错乱", "号码末尾变零", "意见换行丢失", "打卡地点不对")


def judged_set(folder: Path, *, count: int = 240, swapped: bool = False) -> Path:
    """Records, tickets and links; ``swapped`` turns the truths of the test half around."""
    dice = random.Random(7)
    folder.mkdir()
    records = [
        {"_id": f"D{n}", "title": thing, "text": f"现象：{thing}。", "system": "营销", "fixed_in": "2.0"}
        for n, thing in enumerate(THINGS)
    ]
    tickets, links = [], ["ticket\trecord\tsplit"]
    for n in range(count):
        place, linked = n % len(THINGS), dice.random() < 0.6
        said = f"升级以后{THINGS[place]}，大家都这样" if linked else f"请问{THINGS[place][:3]}在哪里申请"
        day = datetime(2026, 1, 1) + timedelta(days=n)
        tickets.append({"_id": f"T{n}", "text": said, "system": "营销", "date": f"{day:%Y-%m-%d}"})
        test = 2 * n >= count
        right = "" if linked == (swapped and test) else f"D{place}"
        links.append(f"T{n}\t{right}\t{'test' if test else 'train'}")
    dice.shuffle(tickets)
    for name, rows in (("records", records), ("tickets", tickets)):
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "links.tsv").write_text("\n".join(links) + "\n", encoding="utf-8")
    return folder


# ------------------------------------------------------------------ evaluate-links


def test_links_are_measured_and_written_out(desk: Desk, tmp_path: Path) -> None:
    out = tmp_path / "out.tsv"
    told: Any = desk.json("evaluate-links", judged_set(tmp_path / "set"), "--out", out)
    assert (told["records"], told["learned_from"], told["decided"]) == (6, 120, 120)
    assert told["precision"] >= 0.95
    assert told["coverage"] >= 0.4
    assert told["recall"]["@5"] >= 0.9
    rows = [line.split("\t") for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row[0] for row in rows] == [f"T{n}" for n in range(120, 240)]
    assert {row[3] for row in rows} <= {str(kind) for kind in Decision}
    assert all(0.0 <= float(row[2]) <= 1.0 for row in rows)
    assert sum(row[3] == "link" for row in rows) == told["links"]


def test_people_are_told_in_sentences(desk: Desk, tmp_path: Path) -> None:
    told = desk.run("evaluate-links", judged_set(tmp_path / "set")).stdout
    assert "准确率" in told
    assert "recall@5" in told
    assert "概率校准误差" in told


def test_the_truths_of_the_test_half_change_no_decision(desk: Desk, tmp_path: Path) -> None:
    outs = []
    for name, swapped in (("a", False), ("b", True)):
        outs.append(tmp_path / f"{name}.tsv")
        try_links(judged_set(tmp_path / name, swapped=swapped), out=outs[-1])
    assert outs[0].read_text(encoding="utf-8") == outs[1].read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("records.jsonl", None, "records.jsonl"),
        ("tickets.jsonl", "{", "tickets.jsonl 第 1 行"),
        ("links.tsv", "h\nT0\tD0\n", "links.tsv 第 2 行"),
        ("links.tsv", "h\nT0\tD0\ttomorrow\n", "links.tsv 第 2 行"),
        ("links.tsv", "h\nT0\tD99\ttrain\n", "T0 → D99"),
        ("links.tsv", "h\nT0\tD0\ttrain\n", "太少"),
    ],
)
def test_a_bad_set_is_one_sentence(
    desk: Desk, tmp_path: Path, name: str, content: str | None, sentence: str
) -> None:
    folder = judged_set(tmp_path / "set")
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content, encoding="utf-8")
    assert sentence in desk.refused("evaluate-links", folder)


def test_no_folder_and_no_place_for_the_output_are_told(desk: Desk, tmp_path: Path) -> None:
    assert "没有文件夹" in desk.refused("evaluate-links", tmp_path / "nowhere")
    folder = judged_set(tmp_path / "set")
    assert "不存在" in desk.refused("evaluate-links", folder, "--out", tmp_path / "no" / "out.tsv")


def test_tickets_are_read_in_date_order(tmp_path: Path) -> None:
    given = read(judged_set(tmp_path / "set"))
    assert list(given.tickets) == [f"T{n}" for n in range(240)]
    (tmp_path / "set" / "records.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(BadSet):
        read(tmp_path / "set")


# ------------------------------------------------------------------ learn


def test_a_new_desk_has_nothing_to_learn_and_nothing_to_take_back(staffed: Desk) -> None:
    told: Any = staffed.json("learn")
    assert told["judged"] == {}
    assert {one["promoted"] for one in told["outcomes"]} == {False}
    assert "至少要 100 条" in staffed.run("learn").stdout
    assert "随产品发布" in staffed.refused("learn", "--rollback", code=1)
    assert "不能同时用" in staffed.refused("learn", "--rollback", "--dry-run")


def test_it_runs_as_a_process_of_its_own(staffed: Desk) -> None:
    done = staffed.real("learn", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["dry_run"] is True


def test_it_leaves_a_row_for_the_page_and_a_dry_run_leaves_none(staffed: Desk) -> None:
    staffed.json("learn", "--dry-run")
    staffed.json("learn")
    with opened() as place, place.maker() as session:
        run = session.scalars(runs.listed()).one()
        assert (run.state, run.by_id) == (RunState.DONE, None)
        assert {one["verdict"] for one in run.outcomes} == {"too_few"}
        assert run.ended_at is not None


# ------------------------------------------------------------------ by night


@dataclass
class Pupil:
    """A child process that learns for as long as the test says."""

    code: int | None = None
    ended: bool = False

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.ended = True


NIGHT = datetime(2026, 4, 1, 18, 30, tzinfo=UTC)  # half past two in Shanghai


@pytest.fixture
def settings(desk: Desk) -> Settings:
    return replace(config.load(), learn_after=1)


def nightly(
    settings: Settings, maker: sessionmaker[Session], pupils: list[Pupil], *, judged: list[int]
) -> Nightly:
    def start(_: Settings) -> Child:
        pupils.append(Pupil())
        return pupils[-1]

    return Nightly(settings, maker, start, count=lambda session: judged[-1])


def test_it_learns_once_a_night_and_only_from_something_new(staffed: Desk, settings: Settings) -> None:
    judged = [0]
    pupils: list[Pupil] = []
    with opened(settings) as place:
        school = nightly(settings, place.maker, pupils, judged=judged)
        assert not school.round(NIGHT)  # nothing was judged
        judged.append(5)
        assert not school.round(NIGHT + timedelta(hours=8))  # not by day
        assert school.round(NIGHT)
        judged.append(9)
        assert not school.round(NIGHT)  # one learns already
        pupils[0].code = 0
        assert not school.round(NIGHT + timedelta(hours=1))  # once a night
        assert nightly(settings, place.maker, pupils, judged=judged).round(NIGHT + timedelta(days=1))
        assert len(pupils) == 2


def test_asked_for_on_the_page_it_begins_at_any_hour(staffed: Desk, settings: Settings) -> None:
    pupils: list[Pupil] = []
    day = NIGHT + timedelta(hours=8)
    with opened(replace(settings, learn_after=0)) as place:
        school = nightly(replace(settings, learn_after=0), place.maker, pupils, judged=[0])
        assert not school.answer(day)  # nobody asked
        with transaction(place.maker) as session:
            manager = session.scalars(select(Person).limit(1)).one()
            session.add(LearningRun(by_id=manager.id, asked_at=day))
        assert school.answer(day)
        assert not school.answer(day)  # one learns already
        with transaction(place.maker) as session:
            runs.begin(session)
        pupils[0].code = 1  # it was killed
        assert not school.answer(day)
        with place.maker() as session:
            lost = session.scalars(runs.listed()).one()
            assert (lost.state, lost.fault) == (RunState.FAILED, runs.CUT_OFF)
    assert len(pupils) == 1


def test_it_can_be_switched_off_and_is_ended_with_the_worker(staffed: Desk, settings: Settings) -> None:
    pupils: list[Pupil] = []
    judged = [9]
    with opened(settings) as place:
        assert not nightly(replace(settings, learn_after=0), place.maker, pupils, judged=judged).round(NIGHT)
        school = nightly(settings, place.maker, pupils, judged=judged)
        school.child = Pupil()
        with transaction(place.maker) as session:
            runs.begin(session)
        school.stop()
        assert school.child.ended
        with place.maker() as session:
            cut = session.scalars(runs.listed()).one()
            assert (cut.state, cut.fault, runs.pending(session)) == (RunState.FAILED, runs.CUT_OFF, None)
    assert not pupils
