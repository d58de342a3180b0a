"""``tierdesk evaluate``: how good is the search that serves users, on a judged set in BEIR layout?"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portal.cli.endings import BAD_INPUT, Ended
from portal.cli.place import beside
from portal.cli.telling import Advance, as_json, bar, tell_json, until

if TYPE_CHECKING:
    from indexer.embedders import Embedder

PLACE = click.Path(path_type=Path, dir_okay=False)
ENGINES = ("hybrid", "lexical", "semantic")
TITLES = {
    "index": "建立索引",
    "search": "检索",
    "learn": "学习",
    "decide": "判定",
    "lexical": "词语",
    "hybrid": "语义",
}
FIGURES = (
    ("hit_at_1", "hit@1"),
    ("hit_at_3", "hit@3"),
    ("hit_at_5", "hit@5"),
    ("hit_at_10", "hit@10"),
    ("recall_at_10", "recall@10"),
    ("recall_at_100", "recall@100"),
    ("mrr_at_10", "MRR@10"),
    ("ndcg_at_10", "nDCG@10"),
    ("ms_per_query", "每次检索毫秒"),
    ("build_seconds", "建立索引秒"),
    ("calibration_error", "概率校准误差"),
    ("no_answer_auroc", "无答案识别 AUROC"),
)


@click.command("evaluate", help="在 BEIR 格式的评测目录上衡量检索效果；索引建在临时目录，用后即删。")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--run", "run_path", type=PLACE, metavar="OUT.trec", help="写出 TREC 格式的结果。")
@click.option("--engine", type=click.Choice(ENGINES), default="hybrid", help="用哪种检索，默认 hybrid。")
@as_json
def command(folder: Path, run_path: Path | None, engine: str, as_json: bool) -> None:
    from indexer.choice import engine_named
    from indexer.document import Engine
    from indexer.embedders import embedder_from
    from indexer.evaluation import evaluate
    from portal import config

    if not folder.is_dir():
        raise Ended(f"没有文件夹 {folder}。", BAD_INPUT)
    if run_path:
        beside(run_path)
    settings = config.load()
    embedder = embedder_from(None if settings.encoder == "none" else settings.encoder)
    if engine == Engine.SEMANTIC:
        _check_encoder(embedder)
    words = engine_named(settings.lexical)
    with Bars(quiet=as_json) as bars:
        figures = evaluate(
            folder,
            engine=Engine(engine),
            run_path=run_path,
            embedder=embedder,
            progress=bars.tell,
            words=words,
        ).as_dict()
    if as_json:
        tell_json(figures)
        return
    _tell(figures)


def _check_encoder(embedder: Embedder | None) -> None:
    """Meaning alone can't be measured without an encoder; words must not answer in its place."""
    if embedder is None:
        raise Ended("没有语义编码器，不能用 --engine semantic；请设置 TIERDESK_ENCODER。", BAD_INPUT)
    if not embedder.wait():
        raise Ended(f"不能用 --engine semantic：{embedder.fault or '语义编码器还没有就绪。'}")


def _tell(figures: dict[str, Any]) -> None:
    click.echo("{documents} 篇，{questions} 问，{engine}（{mode}）".format(**figures))
    for name, label in FIGURES:
        if figures[name] is not None:
            click.echo(f"{label:<14} {figures[name]}")
    for style, values in figures["by_style"].items():
        line = "{questions:>4} 问  hit@1 {hit_at_1}  hit@3 {hit_at_3}".format(**values)
        click.echo(f"  {style:<12} {line}")


class Bars:
    """One bar after the other, as the evaluation goes from building to asking."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet, self.stack, self.what = quiet, ExitStack(), ""
        self.told: Advance = lambda count: None

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def tell(self, what: str, count: int, total: int) -> None:
        if what != self.what:
            self.stack.close()
            self.what = what
            self.told = until(self.stack.enter_context(bar(TITLES.get(what, what), total, quiet=self.quiet)))
        self.told(count)
