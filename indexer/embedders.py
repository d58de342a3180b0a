"""The one door to sentence encoders: whatever is behind it, a text becomes a unit vector.

A static model (a table of piece vectors, as the shipped one) is read with numpy and needs no
torch; any other sentence-transformers model is loaded by that library. Both load in the
background. Invariant: an encoder that cannot be loaded is a sentence in `fault` and word
search alone, never an exception in the middle of a search.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.characters import fold
from indexer.words import N_

Matrix = NDArray[np.float32]
Ids = NDArray[np.int32]
_LOG = logging.getLogger(__name__)
SHIPPED = Path(__file__).parent / "model"
FOLDED = "folded.json"
"""Lies in a model that learnt its texts folded as the word index folds them (traditional forms, case)."""
_LONGEST = 2_000
_THREADS = 2
"""Of torch: the other cores belong to those who serve pages."""
_BATCH = 32
_FIRST = "打印机 printer"
_LONGEST_PIECED = 4_000
_READ_WHOLE = 64 << 20
_SAMPLES = 64
_SAMPLE = 64 << 10


class Embedder(Protocol):
    @property
    def name(self) -> str:
        """Path or name with a fingerprint: vectors of another name are not comparable."""

    @property
    def dims(self) -> int: ...

    @property
    def ready(self) -> bool: ...

    @property
    def fault(self) -> str | None: ...

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until it is ready or has failed; whether it is ready."""

    @property
    def quick(self) -> bool:
        """A look-up and no network: nobody needs to wait for it, or give up waiting."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Texts of documents; with the prompt for them, where the model's own configuration names one."""

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Questions, likewise."""

    def piece_ids(self, text: str) -> Ids | None:
        """The text's distinct pieces, sorted, for late interaction; None where it has none."""

    def piece_vectors(self, ids: Ids) -> Matrix: ...


class _Loaded(Protocol):
    dims: int
    quick: bool

    def encode(self, texts: Sequence[str]) -> Matrix: ...

    def encode_queries(self, texts: Sequence[str]) -> Matrix: ...

    def piece_ids(self, text: str) -> Ids | None: ...

    def piece_vectors(self, ids: Ids) -> Matrix: ...


def unit(matrix: Matrix) -> Matrix:
    lengths = np.linalg.norm(matrix, axis=-1, keepdims=True)
    scaled: Matrix = (matrix / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled


def _readable(text: str, longest: int = _LONGEST) -> str:
    """Tokenizers refuse unpaired surrogates; a search never does."""
    return text[:longest].encode("utf-8", "replace").decode("utf-8")


class StaticTable:
    """The mean of the pieces' vectors, read straight from a StaticEmbedding's files."""

    quick = True

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        weights = load_file(folder / "model.safetensors")
        table: Matrix = weights["embedding.weight"].astype(np.float32)
        self._lengths: Matrix = np.maximum(np.linalg.norm(table, axis=1), 1e-12)
        #: Kept as unit vectors: each search asks for thousands of them, and for few of the means.
        self._units: Matrix = table / self._lengths[:, np.newaxis]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._folded = (folder / FOLDED).is_file()
        self.dims = int(table.shape[1])

    def _ids(self, texts: Sequence[str], longest: int = _LONGEST) -> list[list[int]]:
        readable = [_readable(text, longest) for text in texts]
        if self._folded:
            readable = [fold(text) for text in readable]
        encodings = self._tokenizer.encode_batch(readable, add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def encode(self, texts: Sequence[str]) -> Matrix:
        ids = self._ids(texts)
        means = np.zeros((len(ids), self.dims), dtype=np.float32)
        for row, found in enumerate(ids):
            if found:
                means[row] = self._lengths[found] @ self._units[found] / len(found)
        return unit(means)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self.encode(texts)

    def piece_ids(self, text: str) -> Ids:
        return np.array(sorted(set(self._ids([text], longest=_LONGEST_PIECED)[0])), dtype=np.int32)

    def piece_vectors(self, ids: Ids) -> Matrix:
        found: Matrix = self._units[ids]
        return found


class _Transformer:
    """Any other model that sentence-transformers can load."""

    quick = False

    def __init__(self, name: str) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(_THREADS)
        self._model: Any = SentenceTransformer(name, device="cpu")
        self.dims = int(self._model.get_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> Matrix:
        return self._unit(self._model.encode_document, texts)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._unit(self._model.encode_query, texts)

    def _unit(self, encode: Callable[..., Any], texts: Sequence[str]) -> Matrix:
        readable = [_readable(text) for text in texts]
        vectors = encode(readable, batch_size=_BATCH, show_progress_bar=False, convert_to_numpy=True)
        return unit(np.asarray(vectors, dtype=np.float32))

    def piece_ids(self, text: str) -> None:
        return None

    def piece_vectors(self, ids: Ids) -> Matrix:
        # Without ids nobody can ask; should somebody, vectors made up here would rank in silence.
        raise LookupError("this model has no vector for a single piece")


def _static_folder(path: Path) -> Path | None:
    """Where the table lies, when the model is nothing but a table of piece vectors."""
    listing = path / "modules.json"
    if not listing.is_file() or _prompts(path):
        return None  # whoever wants prompts in front of texts is served by the library
    modules = json.loads(listing.read_text(encoding="utf-8"))
    kinds = [str(module["type"]).rsplit(".", 1)[-1] for module in modules]
    if kinds[:1] != ["StaticEmbedding"] or any(kind != "Normalize" for kind in kinds[1:]):
        return None
    folder = path / str(modules[0]["path"])
    return folder if (folder / "model.safetensors").is_file() else None


def _load(setting: str) -> _Loaded:
    static = _static_folder(Path(setting))
    return StaticTable(static) if static else _Transformer(setting)


def _fingerprint(setting: str) -> str:
    """Vectors of a retrained model of the same name must not be compared with the old ones."""
    path = Path(setting)
    if not path.is_dir():
        return setting
    digest = hashlib.sha256()
    for pattern in ("*.safetensors", "pytorch_model*.bin", "tokenizer.json"):
        for file in sorted(path.rglob(pattern)):
            for block in _blocks(file):
                digest.update(block)
    if prompts := _prompts(path):
        digest.update(prompts.encode())
    return f"{path.name}@{digest.hexdigest()[:12]}"


def _blocks(file: Path) -> Iterator[bytes]:
    """All of it, or samples of a file of gigabytes: no start waits for that. Training changes every part."""
    size = file.stat().st_size
    if size <= _READ_WHOLE:
        yield file.read_bytes()
        return
    yield str(size).encode()
    with file.open("rb") as read:
        for number in range(_SAMPLES):
            read.seek((size - _SAMPLE) * number // (_SAMPLES - 1))
            yield read.read(_SAMPLE)


def _prompts(path: Path) -> str:
    """Other prompts make other vectors of the same weights."""
    try:
        held = json.loads((path / "config_sentence_transformers.json").read_text(encoding="utf-8"))
        prompts = {name: text for name, text in dict(held["prompts"]).items() if text}
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return json.dumps(prompts, sort_keys=True) if prompts else ""


class BackgroundEmbedder:
    """Loads on a thread of its own; until then search answers with words alone."""

    def __init__(self, setting: str, load: Callable[[str], _Loaded] = _load) -> None:
        self._setting = setting
        self._load = load
        self._loaded: _Loaded | None = None
        self._fault: str | None = None
        self._done = threading.Event()
        self.name = _fingerprint(setting)
        self.folder = Path(setting) if Path(setting).is_dir() else None
        threading.Thread(target=self._run, name="encoder", daemon=True).start()

    def _run(self) -> None:
        try:
            loaded = self._load(self._setting)
            loaded.encode_queries([_FIRST])  # the first one is the slowest, and shows whether it works at all
            self._loaded = loaded
        except Exception as fault:  # noqa: BLE001 - a foreign library loading foreign files: whatever fails, words go on
            self._fault = N_("语义编码器无法加载，目前只用词语检索。")
            _LOG.warning("encoder %s cannot be loaded: %s: %s", self._setting, type(fault).__name__, fault)
        finally:
            self._done.set()

    @property
    def dims(self) -> int:
        return self._model().dims

    @property
    def ready(self) -> bool:
        return self._loaded is not None

    @property
    def quick(self) -> bool:
        return self._loaded is not None and self._loaded.quick

    @property
    def fault(self) -> str | None:
        return self._fault

    def wait(self, timeout_s: float | None = None) -> bool:
        self._done.wait(timeout_s)
        return self.ready

    def _model(self) -> _Loaded:
        self._done.wait()
        if self._loaded is None:
            raise RuntimeError(self._fault or "encoder has no model")
        return self._loaded

    def encode(self, texts: Sequence[str]) -> Matrix:
        return self._model().encode(texts) if texts else np.zeros((0, self.dims), dtype=np.float32)

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._model().encode_queries(texts)

    def piece_ids(self, text: str) -> Ids | None:
        return self._model().piece_ids(text)

    def piece_vectors(self, ids: Ids) -> Matrix:
        return self._model().piece_vectors(ids)


def embedder_from(setting: str | None) -> Embedder | None:
    """ "": the shipped model if this copy has one. None or "none": word search alone, by choice."""
    if setting is None or setting.strip().lower() == "none":
        return None
    if setting.strip():
        return BackgroundEmbedder(setting.strip())
    return BackgroundEmbedder(str(SHIPPED)) if (SHIPPED / "modules.json").is_file() else None
