"""What a command tells: JSON for scripts, lines for people, a bar while it works.

The invariant: standard output carries the answer and nothing else; the bar goes to standard error, and
only when that is a terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="在标准输出打印一个 JSON 文档。")
as_login = click.option("--as", "login", metavar="LOGIN", help="以谁的身份（账号）。")

Advance = Callable[[int], None]


def tell_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


@contextmanager
def bar(title: str, total: int | None = None, *, quiet: bool = False) -> Iterator[Advance]:
    """A progress bar on a terminal; in a pipe, nothing. ``advance`` takes how many more are done."""
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=False) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, advance=done)


def until(advance: Advance) -> Callable[[int], None]:
    """For workers that say how far they are instead of how much further."""
    reached = 0

    def tell(count: int) -> None:
        nonlocal reached
        advance(count - reached)
        reached = count

    return tell
