"""``tierdesk learn``: learn from what this desk has judged, and let it serve only where it does better."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import click
from sqlalchemy.orm import Session, sessionmaker

from portal.cli.endings import Ended
from portal.cli.evaluate import Bars
from portal.cli.place import ENCODER_PATIENCE_S, opened, opened_index
from portal.cli.telling import as_json, tell_json
from portal.db import transaction
from portal.finder.lessons import runs
from portal.finder.lessons.outcomes import NAME_LABELS, Learning

HELP = (
    "从本单位的判断（关联、否决、“解决了”、答复所用的知识、合并）学习把握的大小、工单与缺陷的关联和编码器的微调；"
    "在没有参与学习的判断上比现在用的好才启用。"
)


@click.command("learn", help=HELP)
@click.option("--dry-run", is_flag=True, help="只学习、只比较，什么都不启用。")
@click.option("--rollback", is_flag=True, help="退回上一次启用之前；再退一次即回到随产品发布的。")
@as_json
def command(dry_run: bool, rollback: bool, as_json: bool) -> None:
    if dry_run and rollback:
        raise click.UsageError("--dry-run 和 --rollback 不能同时用。")
    if rollback:
        _roll_back(as_json=as_json)
    else:
        _learn(dry_run=dry_run, as_json=as_json)


def _learn(*, dry_run: bool, as_json: bool) -> None:
    from portal.finder.learning import learn

    with opened() as place, opened_index(place.settings) as index, Bars(quiet=as_json) as bars:
        embedder = index.embedder
        if embedder is not None and not embedder.wait(ENCODER_PATIENCE_S):
            embedder = None
        started = partial(
            learn,
            place.maker,
            index.promotions,
            embedder=embedder,
            wanted_of_links=place.settings.link_precision,
        )
        if dry_run:
            learning = started(dry_run=True, progress=bars.tell)
        else:
            with _run(place.maker, bars) as run:
                learning = started(progress=run.tell, keep=run.keep)
    if as_json:
        tell_json({**learning.as_dict(), "dry_run": dry_run})
        return
    judged = "，".join(f"{kind} {count}" for kind, count in sorted(learning.judged.items()))
    click.echo(f"本单位的判断：{judged or '还没有'}。")
    for one in learning.outcomes:
        click.echo(f"{NAME_LABELS[one.name]}：{one.sentence}（{one.pairs} 条）")


@dataclass(frozen=True, slots=True)
class _Run:
    """The row on the page of learning that this command fills."""

    maker: sessionmaker[Session]
    number: int
    bars: Bars

    def tell(self, what: str, done: int, total: int) -> None:
        self.bars.tell(what, done, total)
        with transaction(self.maker) as session:
            runs.beat(session, self.number, what, done=done, total=total)

    def keep(self, session: Session, learning: Learning) -> None:
        runs.finish(session, self.number, learning)


@contextmanager
def _run(maker: sessionmaker[Session], bars: Bars) -> Iterator[_Run]:
    """The one that was asked for on the page, if any; whatever ends it early is seen there."""
    with transaction(maker) as session:
        number = runs.begin(session).id
    try:
        yield _Run(maker, number, bars)
    finally:
        with transaction(maker) as session:
            runs.fail(session, number, runs.CUT_OFF)  # where it is not done


def _roll_back(*, as_json: bool) -> None:
    from indexer.promotion import NAMES
    from portal.finder.learning import rollback

    with opened() as place, opened_index(place.settings) as index:
        taken = rollback(place.maker, index.promotions, NAMES)
    if as_json:
        tell_json({"rolled_back": taken})
    elif taken:
        click.echo(f"已退回：{'、'.join(NAME_LABELS[name] for name in taken)}。")
    else:
        raise Ended("没有可以退回的：现在用的就是随产品发布的。")
