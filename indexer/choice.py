"""Which word engine serves, by the name that a setting or a recipe gives it.

The only place that knows them all. Invariant: an engine is loaded when it is asked for and not
before, so that an installation without the extra never misses it.
"""

from importlib.util import find_spec

from indexer.document import IndexStatus
from indexer.engines import WordEngine
from indexer.lexical import WHOOSH
from indexer.words import N_

DEFAULT = WHOOSH
LARGE_FROM = 30_000
"""Documents from which the large engine is worth its extra (docs/benchmarks.md)."""
MISSING = N_("大型词语引擎 tantivy 没有安装，请运行 pip install 'tierdesk[large]'。")


OUTGROWN = N_("文档已多于三万篇，建议改用大型词语引擎：设置 TIERDESK_LEXICAL=tantivy。")


class NoEngine(ValueError):
    """There is no such engine here; the sentence says what is missing."""


def engine_named(name: str) -> WordEngine:
    match name:
        case "whoosh":
            return WHOOSH
        case "tantivy" if find_spec("tantivy") is None:
            raise NoEngine(MISSING)
        case "tantivy":
            from indexer.large.engine import TANTIVY

            return TANTIVY
    raise NoEngine(N_("没有名为 %(name)s 的词语引擎。") % {"name": name})


def advice(status: IndexStatus) -> str | None:
    """What the person who runs the desk should know about its word engine."""
    return OUTGROWN if status.words == DEFAULT.name and status.documents > LARGE_FROM else None
