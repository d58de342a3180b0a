"""What an encoder is good for right now: it may be missing, broken, still loading, or another one.

Invariant: vectors of one encoder are never asked by another.
"""

from indexer.document import Engine, Mode
from indexer.embedders import Embedder
from indexer.recipe import Recipe
from indexer.words import N_

NO_ENCODER = N_("未配置语义编码器，目前只用词语检索。")
LOADING = N_("语义编码器正在加载，目前只用词语检索。")
OTHER_ENCODER = N_("索引由另一个语义编码器建立，需要重建；目前只用词语检索。")


def recipe_name(embedder: Embedder | None) -> str:
    """What an index that is made now is made with; empty for words alone."""
    return embedder.name if embedder is not None and embedder.fault is None else ""


def fitting(embedder: Embedder | None, recipe: Recipe) -> Embedder | None:
    """The encoder, where it can be asked now about an index of this recipe."""
    if embedder is None or not embedder.ready or embedder.name != recipe.encoder:
        return None
    return embedder


def is_another(embedder: Embedder | None, recipe: Recipe) -> bool:
    """One that is still loading may turn out to be the same."""
    return embedder is not None and embedder.ready and embedder.name != recipe.encoder


def sentence_of(embedder: Embedder | None) -> str:
    """For the page of the operator: its name, or why only words are searched."""
    if embedder is None:
        return NO_ENCODER
    if embedder.fault is not None:
        return embedder.fault
    return embedder.name if embedder.ready else LOADING


def mode_of(engine: Engine, meant: bool) -> Mode:
    if not meant or engine is Engine.LEXICAL:
        return Mode.LEXICAL
    return Mode.SEMANTIC if engine is Engine.SEMANTIC else Mode.HYBRID
