"""``tierdesk trail verify``: does every ticket's chain of moves still hold?"""

from __future__ import annotations

import click

from portal.cli.endings import FAILURE
from portal.cli.place import opened
from portal.cli.telling import as_json, tell_json


@click.group("trail", help="流转记录：核对是否被改动。")
def command() -> None:
    pass


@command.command(help="核对每张工单的流转记录链；有对不上的，退出码为 1。")
@as_json
def verify(as_json: bool) -> None:
    from portal.tickets.trail import broken_tickets, length

    with opened() as place, place.reading() as session:
        wrong, entries = broken_tickets(session), length(session)
    if as_json:
        tell_json(
            {"entries": entries, "broken": [{"ticket": number, "reason": why} for number, why in wrong]}
        )
    else:
        for number, why in wrong:
            click.echo(f"{number}：{why}")
        click.echo(f"共核对 {entries} 条流转记录，{f'{len(wrong)} 张工单对不上' if wrong else '全部完好'}。")
    if wrong:
        raise click.exceptions.Exit(FAILURE)
