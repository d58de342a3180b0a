"""The command that makes the shipped encoder: `python -m indexer.training --data F --out F`.

Options and progress only. Invariant: without --resume nothing of an earlier run is used.
"""

import time
from pathlib import Path

import click
import torch

from indexer import ranking
from indexer.document import Engine
from indexer.embedders import SHIPPED, embedder_from
from indexer.training.calibrate import calibrated
from indexer.training.card import write_card
from indexer.training.judging import judged
from indexer.training.lessons import lessons
from indexer.training.making import CHECK, Run, made
from indexer.training.ordering import ordered
from indexer.training.reading import DESK, FAQ, NoData, material
from indexer.training.recipe import Recipe

_RECIPE = Recipe()
_STARTED = time.monotonic()


def _tell(stage: str, done: int, total: int, loss: float) -> None:
    passed = time.monotonic() - _STARTED
    click.echo(f"{passed:7.1f} s  {stage} {done}/{total}" + (f"  loss {loss:.3f}" if loss else ""), err=True)


def _faq(named: Path | None, *folders: Path | None) -> Path | None:
    """The file that was named, else the one that lies beside the other data."""
    found = (folder / FAQ for folder in folders if folder is not None)
    return named or next((path for path in found if path.is_file()), None)


def _fit(out: Path, check: Path, faq: Path | None) -> None:
    """The order of the first hits and the confidence, on what was held back."""
    taught = lessons(check, faq)
    embedder = embedder_from(str(out))
    if embedder is None or not embedder.wait() or not any(lesson.name == "desk" for lesson in taught):
        return
    _tell("order", 0, 1, 0.0)
    (out / ranking.FILE).write_text(ordered(taught, embedder).as_json() + "\n", encoding="utf-8")
    ranking.beside.cache_clear()
    _tell("confidence", 0, 1, 0.0)
    table = calibrated(taught, engine=Engine.HYBRID, embedder=embedder)
    (out / "calibration_hybrid.json").write_text(table, encoding="utf-8")


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="parallel.tsv.gz …")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="where the model is written")
@click.option("--work", type=click.Path(path_type=Path), help="where stages are kept; OUT.work unless named")
@click.option("--desk", type=click.Path(path_type=Path), default=DESK, help="folder of written desk language")
@click.option("--faq", type=click.Path(path_type=Path, exists=True), help="public questions with answers")
@click.option("--judge", type=click.Path(path_type=Path, exists=True), help="folder of judged sets")
@click.option("--device", type=click.Choice(["cpu", "cuda"]), default="cpu")
@click.option("--threads", default=2)
@click.option("--pairs", type=int, help="only so many sentence pairs")
@click.option("--epochs", default=_RECIPE.epochs, help="how often every pair is seen")
@click.option("--check-share", default=_RECIPE.check_share, help="of the desk groups, held back by theme")
@click.option("--seed", default=_RECIPE.seed)
@click.option("--new-pieces", is_flag=True, help="train the tokenizer too, which no two runs do alike")
@click.option("--resume", is_flag=True, help="take up the kept stages of the same recipe and files")
def main(
    data: Path,
    out: Path,
    work: Path | None,
    desk: Path,
    faq: Path | None,
    judge: Path | None,
    device: str,
    threads: int,
    pairs: int | None,
    epochs: int,
    check_share: float,
    seed: int,
    new_pieces: bool,
    resume: bool,
) -> None:
    """Train the encoder, write it, and judge it where judged sets are named."""
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    recipe = Recipe(seed=seed, pairs=pairs, epochs=epochs, check_share=check_share)
    faq = _faq(faq, data, judge)
    try:
        learnt = material(data, most=pairs, check_share=check_share, seed=seed, desk=desk, faq=faq)
    except NoData as fault:
        raise click.ClickException(str(fault)) from fault
    held = work or out.with_name(out.name + ".work")
    pieces_file = SHIPPED / "tokenizer.json"
    start = pieces_file if pieces_file.is_file() and not new_pieces else None
    run = Run(learnt, recipe, work=held, device=device, resume=resume, progress=_tell, pieces=start)
    pieces = made(run, out)
    _fit(out, held / CHECK, faq)
    figures = judged(out, judge, tell=lambda name: _tell(name, 1, 1, 0.0))
    write_card(out, run, data, figures=figures, pieces=pieces)
    click.echo(f"{out}: recipe {run.hash}")


if __name__ == "__main__":
    main()
