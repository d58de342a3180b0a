"""``tierdesk db``: bring the database to the present shape, and say which shape it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine

from portal.cli.place import open_engine, settings_here
from portal.cli.telling import as_json, tell_json
from portal.migrations import history


@click.group("db", help="数据库：升级、查看版本。")
def command() -> None:
    pass


@contextmanager
def _engine() -> Iterator[Engine]:
    engine = open_engine(settings_here())
    try:
        yield engine
    finally:
        engine.dispose()


@command.command(help="把数据库升级到程序需要的版本；空数据库则建好所有表。可重复运行。")
@as_json
def upgrade(as_json: bool) -> None:
    with _engine() as engine:
        before = history.current(engine)
        history.upgrade(engine)
        after = history.current(engine)
    if as_json:
        tell_json({"before": before, "after": after, "changed": before != after})
    elif before == after:
        click.echo(f"数据库已是最新版本 {after}。")
    else:
        click.echo(f"数据库已从 {before or '空'} 升级到 {after}。")


@command.command(help="显示数据库现在的版本和程序需要的版本。")
@as_json
def current(as_json: bool) -> None:
    with _engine() as engine:
        at = history.current(engine)
    if as_json:
        tell_json({"current": at, "newest": history.newest()})
    else:
        click.echo(f"现在：{at or '还没有建立'}；程序需要：{history.newest()}")


@command.command(help="只登记版本，不改动表；仅在表已用别的办法建好时使用。")
@click.argument("revision", default="head")
def stamp(revision: str) -> None:
    with _engine() as engine:
        history.stamp(engine, revision)
        click.echo(f"已登记为版本 {history.current(engine)}。")
