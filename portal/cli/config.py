"""``tierdesk config``: every setting, its value, where it comes from and what it means."""

from __future__ import annotations

import os

import click

from portal import config
from portal.cli.telling import as_json, tell_json


@click.command(help="列出每项设置的值、来源和含义；密钥只说有没有。")
@as_json
def command(as_json: bool) -> None:
    config.load()  # a wrong value is told here, as it would be at the start
    rows = [
        {
            "name": source.row.variable,
            "value": ("***" if source.text else "") if source.row.secret else source.text,
            "source": source.origin,
            "meaning": source.row.meaning,
        }
        for source in config.sources(os.environ)
    ]
    if as_json:
        tell_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']} = {row['value'] or '（空）'}    [{row['source']}]\n    {row['meaning']}")
