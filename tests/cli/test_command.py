"""The command as a whole: it answers at once, every option is explained, every end is a sentence."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from portal.cli import COMMANDS, command
from portal.cli.endings import Ended, ending_of
from tests.cli.conftest import Desk, Write

HEAVY = ("sqlalchemy", "flask", "torch", "sentence_transformers", "whoosh", "numpy", "rich", "openpyxl")


def every_command() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(command)
    for name in COMMANDS:
        found = command.get_command(context, name)
        assert found is not None
        yield name, found
        if isinstance(found, click.Group):
            yield from ((f"{name} {inner}", found.commands[inner]) for inner in found.commands)


def test_help_loads_nothing_heavy(desk: Desk) -> None:
    script = (
        "import sys; from portal.cli import command\n"
        "try: command.main(['--help'], prog_name='tierdesk')\n"
        f"except SystemExit: print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(name in done.stdout for name in COMMANDS)


def test_every_command_and_every_option_is_explained() -> None:
    for name, found in every_command():
        assert found.help, name
        for parameter in found.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts[0]}"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["dance"], "没有“dance”这个命令"),
        (["db"], "tierdesk db --help"),
        (["db", "downgrade"], "没有“downgrade”这个命令"),
        (["search"], "缺少参数"),
        (["search", "x", "--nosuch"], "没有 --nosuch 这个选项"),
        (["search", "x", "--limit", "many"], "--limit"),
        (["import", "dreams", "x.csv"], "的值不能用"),
        (["import", "articles"], "请写明要导入的文件"),
        (["evaluate", "/nonexistent"], "没有文件夹"),
        (["serve", "--port", "99999"], "--port"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_code_2(desk: Desk, args: list[str], words: str) -> None:
    said = desk.refused(*args)
    assert words in said
    assert len(said.strip().splitlines()) == 1


def test_a_wrong_setting_names_itself(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIERDESK_SESSION_HOURS", "soon")
    assert "TIERDESK_SESSION_HOURS" in desk.refused("config")
    monkeypatch.delenv("TIERDESK_SESSION_HOURS")
    monkeypatch.setenv("TIERDESK_DATABASE_URL", "oracle://x")
    assert "TIERDESK_DATABASE_URL" in desk.refused("db", "current")


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Ended("说完了。", 2), 2, "说完了"),
        (click.Abort(), 130, "已中断"),
        (FileNotFoundError(2, "No such file", "/x"), 1, "/x"),
        (OperationalError("", {}, sqlite3.OperationalError("database is locked")), 1, "database is locked"),
        (OperationalError("", {}, sqlite3.OperationalError("no such table: article")), 1, "db upgrade"),
        (IntegrityError("", {}, Exception("unique")), 1, "再运行一次"),
        (ProgrammingError("", {}, Exception("syntax\nmore")), 1, "数据库暂时不能用"),
        (ZeroDivisionError("x"), 1, "--trace"),
    ],
)
def test_every_fault_has_an_ending(fault: Exception, code: int, words: str) -> None:
    sentence, said = ending_of(fault)
    assert (said, len(sentence.splitlines())) == (code, 1)
    assert words in sentence


def test_an_unexpected_fault_shows_its_trace_only_when_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.migrations import history

    def broken(*_: object) -> None:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr(history, "current", broken)
    assert "ZeroDivisionError" in desk.refused("db", "current", code=1)
    assert isinstance(desk.run("--trace", "db", "current").exception, ZeroDivisionError)
    assert "没有“dance”这个命令" in desk.refused("dance")  # the next call in this process asks anew


def test_config_tells_value_source_and_meaning_but_no_secret(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERDESK_SECRET_KEY", "very-secret-indeed")
    rows = {row["name"]: row for row in desk.json("config")}
    assert rows["TIERDESK_ENCODER"]["value"] == "none"
    assert rows["TIERDESK_ENCODER"]["source"] == "TIERDESK_ENCODER"
    assert rows["TIERDESK_SECRET_KEY"]["value"] == "***"
    assert all(row["meaning"] for row in rows.values())
    assert "very-secret" not in desk.run("config").output


@pytest.mark.slow
def test_the_real_command_speaks_the_same(desk: Desk, write: Write) -> None:
    done = desk.real("db", "upgrade", "--json")
    assert (done.returncode, json.loads(done.stdout)["changed"], done.stderr) == (0, True, "")
    assert json.loads(desk.real("db", "upgrade", "--json").stdout)["changed"] is False
    broken = desk.real("import", "articles", write("a.jsonl", "{broken\n"))
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "Traceback" not in broken.stderr


def test_a_reader_that_goes_away_is_no_fault(desk: Desk) -> None:
    import subprocess
    import sys

    run = [sys.executable, "-c", "from portal.cli import main; main()", "config"]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


def test_a_database_from_elsewhere_is_not_touched(desk: Desk) -> None:
    data = desk.folder / "data"
    data.mkdir()
    other = sqlite3.connect(data / "tierdesk.db")
    other.execute("CREATE TABLE precious (x)")
    other.close()
    assert "tierdesk db upgrade" in desk.refused("trail", "verify", code=1)


def test_the_checkout_has_no_alembic_ini() -> None:
    root = Path(__file__).parents[2]
    assert not (root / "alembic.ini").exists()
