"""The benchmark: what it counts is right, it answers in one document, and nothing is left behind."""

from __future__ import annotations

import itertools
import json
import math
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from portal import config
from portal.cli.bench import Plan, Typist
from portal.cli.bench_desk import environment, fill
from portal.cli.bench_server import Server, running
from portal.cli.endings import Ended
from portal.cli.load import Waits, at_rate, one_by_one
from portal.cli.place import moment, opened
from portal.finder.sources import every_document
from portal.sample.made_up import STYLES, keystrokes, questions, texts
from tests.cli.conftest import Desk


def test_percentiles_are_waits_that_happened() -> None:
    waits = Waits(tuple(float(number) for number in range(1, 101)), span_s=10.0)
    assert [waits.percentile(share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert waits.per_second == 10.0
    assert math.isnan(Waits((), 0.0).percentile(0.5))


def test_a_call_that_is_never_answered_counts_as_the_longest_wait() -> None:
    waits = Waits((1.0, 2.0, 3.0, math.inf), span_s=2.0)
    assert waits.percentile(0.95) == math.inf
    assert waits.percentile(0.5) == 2.0
    assert waits.answered == 3


def test_every_call_is_made_once_and_a_known_failure_is_counted() -> None:
    made: list[int] = []
    told: list[int] = []

    def call(number: int) -> None:
        made.append(number)
        if number == 3:
            raise ConnectionError("gone")

    calls = [lambda number=number: call(number) for number in range(6)]
    waits = at_rate(calls, rate=1e6, threads=3, patience_s=60, failures=(ConnectionError,), tell=told.append)
    assert sorted(made) == list(range(6))
    assert (waits.answered, waits.failed, len(waits.ms), sum(told)) == (5, 1, 6, 6)
    assert waits.faults == ("ConnectionError: gone",)


def test_a_failure_that_nobody_expected_ends_the_run() -> None:
    with pytest.raises(ZeroDivisionError):
        at_rate([lambda: 1 // 0], rate=1e6, threads=1, patience_s=60, failures=(OSError,))
    with pytest.raises(ZeroDivisionError):
        one_by_one([lambda: 1 // 0])


def test_one_by_one_tells_waits_and_work() -> None:
    made: list[int] = []
    waits, works = one_by_one([lambda n=n: made.append(n) for n in range(5)])
    assert made == list(range(5))
    assert (len(waits.ms), len(works.ms)) == (5, 5)


def test_the_same_number_gives_the_same_texts() -> None:
    assert list(texts(20)) == list(texts(20))
    assert list(texts(40))[:20] == list(texts(20))
    assert {style for style, _ in questions(20)} == set(STYLES)
    assert questions(20) == questions(20) != questions(20, seed=9)


def test_typing_ends_with_the_whole_question() -> None:
    assert keystrokes("打印机脱机了怎么办", every=4) == ["打印机脱", "打印机脱机了怎么", "打印机脱机了怎么办"]
    assert keystrokes("脱机", every=4) == ["脱机"]


def test_one_who_types_keeps_a_consultation_until_the_next_question() -> None:
    sent: list[dict[str, object]] = []

    class Answering:
        def call(self, method: str, path: str, body: dict[str, object]) -> dict[str, object]:
            sent.append(body)
            return {"mode": "lexical", "session": f"s{len(sent)}"}

    typist = Typist(Answering(), 0)  # type: ignore[arg-type]
    while sum(body["session"] is None for body in sent) < 3:
        typist.call(*next(typist.asked))
    for before, after in itertools.pairwise(sent):
        grows = str(after["text"]).startswith(str(before["text"]))
        assert (after["session"] is not None) == grows


def test_the_calls_follow_from_the_number_of_people() -> None:
    plan = Plan(100, clients=50, seconds=20, workers=2, quiet=True)
    assert (plan.rate, plan.calls) == (25.0, 500)
    assert Plan(100, clients=10, seconds=1, workers=1, quiet=True).calls == 10


def test_the_throw_away_desk_touches_no_other_and_all_of_it_is_found(tmp_path: Path) -> None:
    named = {
        "TIERDESK_DATABASE_URL": "postgresql+psycopg://db/real",
        "TIERDESK_INDEX_DIR": "/srv/index",
        "TIERDESK_ENCODER": "none",
        "TIERDESK_CONFIG": str(tmp_path / "nosuch.toml"),
    }
    settings = config.load(environment(named, tmp_path))
    assert settings.database_url == f"sqlite:///{tmp_path}/tierdesk.db"
    assert settings.index_dir == tmp_path / "index"
    assert settings.encoder == "none"
    told: list[int] = []
    with opened(settings) as place:
        with place.writing() as session:
            fill(session, 1_010, at=moment(), tell=told.append)
        with place.reading() as session:
            documents = list(every_document(session))
    assert (len(documents), sum(told)) == (1_010, 1_010)
    assert {document.kind for document in documents} == {"article", "defect"}
    assert sum("everyone" in document.audience for document in documents) > 700


def _server_environment(desk: Desk) -> dict[str, str]:
    return environment({**os.environ, "TIERDESK_ENCODER": "none"}, desk.folder / "data")


def test_a_server_that_does_not_start_is_one_sentence(desk: Desk) -> None:
    broken = _server_environment(desk) | {"TIERDESK_LOCALE": "klingon"}
    with (
        pytest.raises(Ended, match="TIERDESK_LOCALE"),
        running(broken, token="x", workers=1, log=desk.folder / "log"),
    ):
        raise AssertionError("it never starts")


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_whatever_happens_no_server_is_left_behind(desk: Desk) -> None:
    assert desk.run("reindex").exit_code == 0
    seen: list[Server] = []
    with (
        pytest.raises(KeyboardInterrupt),
        running(_server_environment(desk), token="x", workers=1, log=desk.folder / "log") as server,
    ):
        seen.append(server)
        assert server.memory_mb() is None or server.memory_mb()["largest"] > 0  # type: ignore[index]
        raise KeyboardInterrupt
    assert seen[0].process.poll() is not None
    with pytest.raises(ConnectionError):
        seen[0].call("GET", "/healthz")


KILLED = """
import os, signal, sys
from pathlib import Path
from portal.cli.bench_server import running

with running(dict(os.environ), token="x", workers=1, log=Path(sys.argv[1])) as server:
    print(server.process.pid, flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_benchmark_that_is_killed_takes_its_server_along(desk: Desk) -> None:
    assert desk.run("reindex").exit_code == 0
    run = [sys.executable, "-c", KILLED, str(desk.folder / "log")]
    with subprocess.Popen(
        run, env=_server_environment(desk), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bench:
        assert bench.stdout is not None
        server = os.pidfd_open(int(bench.stdout.readline()))
        bench.communicate("\n")
    ended = select.poll()
    ended.register(server, select.POLLIN)
    assert ended.poll(), "its end is all that wakes us"
    os.close(server)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_the_whole_benchmark_on_a_small_desk(desk: Desk) -> None:
    place = desk.folder / "tmp"
    place.mkdir()
    small = ("--documents", "100", "--clients", "4", "--seconds", "2", "--workers", "1", "--json")
    run = [sys.executable, "-c", "from portal.cli import main; main()", "bench", *small]
    environ = {**os.environ, "TMPDIR": str(place)}
    # No limit of its own: how long it takes is the machine's business, not this test's.
    done = subprocess.run(run, capture_output=True, text=True, env=environ, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["documents"], told["mode"], told["word_engine"]) == (100, "lexical", "whoosh")
    for name in ("suggest", "search"):
        assert (told[name]["calls"], told[name]["failed"]) == (4, 0), told[name]["faults"]
        assert told[name]["processor_ms_per_call"] is None or told[name]["processor_ms_per_call"] >= 0
        assert told[name]["p50_ms"] <= told[name]["p95_ms"] <= told[name]["p99_ms"]
    assert list(place.iterdir()) == []
    assert not (desk.folder / "data" / "tierdesk.db").exists()


@pytest.mark.parametrize("wrong", [("--documents", "5"), ("--clients", "0"), ("--seconds", "soon")])
def test_a_plan_that_makes_no_sense_is_refused(desk: Desk, wrong: tuple[str, str]) -> None:
    assert wrong[0] in desk.refused("bench", *wrong)
