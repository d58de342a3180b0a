"""Writes the model as sentence-transformers lays out a StaticEmbedding: safetensors, no pickle.

Half precision halves the size and changes no rank. Invariant: what is written here is read
back by `indexer.embedders` with numpy alone, and by sentence-transformers as it is.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from indexer.embedders import FOLDED
from indexer.text import ANALYSIS
from indexer.training.stages import Table

MOST_BYTES = 20 * 1024 * 1024
_STATIC = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
_NORMALIZE = "sentence_transformers.base.modules.normalize.Normalize"
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": _STATIC},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": _NORMALIZE},
]
_NORMALIZE_SETTINGS = {
    "module_input_name": "sentence_embedding",
    "module_output_name": "sentence_embedding",
}


class TooLarge(Exception):
    """The model does not fit into the repository; the sentence says by how much."""


def _write(path: Path, held: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def export(folder: Path, table: Table, tokenizer: Tokenizer, *, recipe_hash: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = {"embedding.weight": np.ascontiguousarray(table.astype(np.float16))}
    save_file(weights, folder / "model.safetensors", metadata={"recipe": recipe_hash})
    (folder / "model.safetensors").chmod(0o644)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    _write(folder / "modules.json", _MODULES)
    _write(folder / "1_Normalize" / "config.json", _NORMALIZE_SETTINGS)
    _write(folder / FOLDED, {"analysis": ANALYSIS})
    prompts = {"query": "", "document": ""}
    _write(
        folder / "config_sentence_transformers.json",
        {"model_type": "SentenceTransformer", "prompts": prompts, "similarity_fn_name": "cosine"},
    )
    if (held := size(folder)) > MOST_BYTES:
        raise TooLarge(f"The model takes {held:,} bytes; at most {MOST_BYTES:,} belong into the repository.")
