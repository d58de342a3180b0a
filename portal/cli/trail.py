"""``tierdesk trail verify``: does every chain of moves still hold, of tickets and of fault events?"""

from __future__ import annotations

import click

from portal.cli.endings import FAILURE
from portal.cli.place import opened
from portal.cli.telling import as_json, bar, tell_json


@click.group("trail", help="流转记录：核对是否被改动。")
def command() -> None:
    pass


@command.command(help="核对每张工单的流转记录链；有对不上的，退出码为 1。结果也记在系统管理里。")
@as_json
def verify(as_json: bool) -> None:
    from portal.faults.trail import broken_faults
    from portal.tickets.trail.checking import check, record, ticket_count

    with opened() as place:
        with place.reading() as session:
            total = ticket_count(session)
            with bar("核对", total, quiet=as_json) as advance:
                checked = check(session, advance)
            faults = broken_faults(session)
        with place.writing() as session:
            record(session, checked)
    if as_json:
        broken = [{"ticket": one.number, "reason": one.words} for one in checked.breaks]
        broken += [{"fault": number, "reason": why} for number, why in faults]
        tell_json({"entries": checked.entries, "broken": broken, "tickets": checked.tickets})
    else:
        for one in checked.breaks:
            click.echo(f"{one.number}：{one.words}。")
        for number, why in faults:
            click.echo(f"{number}：{why}。")
        wrong = len(checked.breaks)
        click.echo(
            f"共核对 {checked.entries} 条流转记录，{f'{wrong} 张工单对不上' if wrong else '全部完好'}。"
        )
    if checked.breaks or faults:
        raise click.exceptions.Exit(FAILURE)
