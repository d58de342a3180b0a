"""An encoder that takes as long as the test wants: it waits for an event, nobody sleeps."""

import threading
from collections.abc import Sequence

import numpy as np

PATIENCE_S = 60.0
"""Only ends a test that hangs; nothing is measured by it."""


class WaitingEncoder:
    """Counts characters into four dimensions, when it is let."""

    quick = False
    ready = True
    fault = None
    dims = 4

    def __init__(self, name: str = "waiting@1") -> None:
        self.name = name
        self.let = threading.Event()
        self.begun = threading.Event()
        self.asked: list[tuple[str, ...]] = []

    def wait(self, timeout_s: float | None = None) -> bool:
        return True

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        vectors = np.array([[text.count(sign) + 0.01 for sign in "登打网票"] for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        self.asked.append(tuple(texts))
        self.begun.set()
        assert self.let.wait(PATIENCE_S)
        return self.encode(texts)

    def piece_ids(self, text: str) -> None:
        return None

    def piece_vectors(self, ids: object) -> np.ndarray:
        raise NotImplementedError


class FailingEncoder(WaitingEncoder):
    """Loads, and then fails at every question."""

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        raise ValueError("CUDA is gone")
