"""``tierdesk evaluate-links``: how good is the linking that serves users, on a judged set of links?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.evaluate import PLACE, Bars
from portal.cli.place import beside
from portal.cli.telling import as_json, tell_json

HELP = "用评测集衡量工单与缺陷的关联：只从 train 学习，按日期逐张判定 test；索引建在临时目录，用后即删。"
DECISIONS = {"link": "自动关联", "suggest": "建议", "none": "没有对应"}


@click.command("evaluate-links", help=HELP)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--out", type=PLACE, metavar="OUT.tsv", help="写出每张工单的最佳记录、概率和判定。")
@as_json
def command(folder: Path, out: Path | None, as_json: bool) -> None:
    from indexer.embedders import embedder_from
    from portal import config
    from portal.finder.link_trial import try_links

    if not folder.is_dir():
        raise Ended(f"没有文件夹 {folder}。", BAD_INPUT)
    if out:
        beside(out)
    setting = config.load().encoder
    embedder = embedder_from(None if setting == "none" else setting)
    if embedder is not None:
        embedder.wait()
    with Bars(quiet=as_json) as bars:
        figures = try_links(folder, embedder=embedder, out=out, progress=bars.tell).as_dict()
    if as_json:
        tell_json(figures)
        return
    _tell(figures)


def _tell(figures: dict[str, Any]) -> None:
    learned = "{records} 条记录，从 {learned_from} 张工单学习，".format(**figures)
    click.echo(learned + "判定 {decided} 张，其中 {linkable} 张有对应记录（{mode}）".format(**figures))
    precision = "—（一张也没有自动关联）" if figures["precision"] is None else figures["precision"]
    click.echo(f"自动关联        {figures['links']} 张，准确率 {precision}，覆盖率 {figures['coverage']}")
    for depth, recall in figures["recall"].items():
        click.echo(f"建议 recall{depth:<4} {recall}")
    click.echo(f"概率校准误差    {figures['calibration_error']}")
    counts = "，".join(f"{DECISIONS[kind]} {count}" for kind, count in figures["decisions"].items())
    click.echo(f"判定            {counts}")
