"""``tierdesk worker``: the upkeep loop as a process of its own, ended cleanly by a signal."""

from __future__ import annotations

import logging
import signal

import click

from portal.cli.place import opened, opened_index
from portal.cli.upkeep import Upkeep

HELP = "启动后台服务：把改动写进检索索引，自动确认到期的工单。收到 SIGTERM 即停止。"


@click.command("worker", help=HELP)
def command() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with opened() as place, opened_index(place.settings) as index:
        upkeep = Upkeep(place.settings, place.maker, index)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: upkeep.stop.set())
        click.echo("后台服务已启动。", err=True)
        upkeep.run()
    click.echo("后台服务已停止。", err=True)
