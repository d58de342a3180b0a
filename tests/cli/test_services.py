"""The long-running commands as real processes: they answer, and a signal ends them cleanly."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from indexer.index import Index
from kb import articles
from kb.articles import ArticleText
from kb.importing.articles import FIELDS, load
from kb.importing.plan import plan_for
from kb.models import Article
from portal.cli.demo import password_of, settings_for
from portal.cli.place import opened
from portal.cli.upkeep import Upkeep
from tests.cli.conftest import Desk
from tests.importing.conftest import rows_of

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The real command, killed if the test forgets it."""
    run = [sys.executable, "-u", "-c", "from portal.cli import main; main()", *map(str, args)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str], words: str) -> list[str]:
    """Read until the process says these words; what it said until then."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"never said {words!r}: {lines}")


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return str(answer.read().decode())


def test_the_server_answers_and_ends_with_a_signal(desk: Desk) -> None:
    port = free_port()
    with running("serve", "--port", str(port), "--workers", "1") as process:
        said(process, "Listening at")
        assert get(f"http://127.0.0.1:{port}/healthz")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_port_that_is_taken_is_one_sentence(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = desk.real("serve", "--port", str(port))
    assert done.returncode == 1
    assert f"不能在 127.0.0.1:{port} 上监听" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_worker_ends_with_a_signal(desk: Desk) -> None:
    with running("worker") as process:
        said(process, "后台服务已启动")
        process.send_signal(signal.SIGTERM)
        said(process, "后台服务已停止")
        assert process.wait(30) == 0


def test_a_round_of_upkeep_indexes_what_was_written_and_survives_a_missing_index(desk: Desk) -> None:
    with opened() as place:
        index = Index.open(place.settings.index_dir, embedder=None)
        upkeep = Upkeep(place.settings, place.maker, index)
        assert upkeep.round()
        with place.writing() as session:
            row = {"title": "怎样连VPN", "body": "先装客户端"}
            records = plan_for("article", FIELDS).records(rows_of(row), source="t")
            load(session, records, by=1, publish=True)
        assert upkeep.round()
        assert index.status().documents == 1
        (place.settings.index_dir / "CURRENT").write_text("nowhere")
        assert upkeep.round()
        assert index.status().documents == 1
        with place.writing() as session:
            article = session.scalars(select(Article)).one()
            articles.revise(session, article, ArticleText(title="怎样用VPN", body="x"), by=1)
        upkeep.stop.set()
        upkeep.run()  # told to stop before it began: it gives its lease back and ends
        index.close()


@pytest.mark.timeout(1200)  # half a year of a desk is played once, on whatever machine this is
def test_the_demonstration_runs_from_nothing_twice(desk: Desk) -> None:
    port, data = free_port(), desk.folder / "demo"
    for _ in range(2):
        with running("demo", "--port", str(port), "--data", data) as process:
            lines = said(process, "服务台已启动")
            assert get(f"http://127.0.0.1:{port}/healthz")
            process.send_signal(signal.SIGTERM)
            said(process, "已停止")
            assert process.wait(30) == 0
        assert any(password_of(data) in line for line in lines)
        assert sum("岗" in line for line in lines) >= 5
    assert stat.S_IMODE((data / "demo_password").stat().st_mode) == 0o600
    assert json.loads(desk.real("trail", "verify", "--json", env=_with_data(data)).stdout)["broken"] == []


def _with_data(data: Path) -> dict[str, str]:
    import os

    return {**os.environ, "TIERDESK_DATA_DIR": str(data)}


def test_the_demonstration_never_touches_a_database_that_the_environment_names(tmp_path: Path) -> None:
    named = {
        "TIERDESK_DATABASE_URL": "sqlite:////srv/real.db",
        "TIERDESK_INDEX_DIR": "/srv/index",
        "TIERDESK_LOCALE": "en",
    }
    settings = settings_for(tmp_path / "demo", named)
    assert settings.database_url == f"sqlite:///{tmp_path}/demo/tierdesk.db"
    assert settings.index_dir == tmp_path / "demo" / "index"
    assert settings.locale == "en"
