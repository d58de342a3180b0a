"""What goes into the index and what comes out of it: frozen values and nothing else.

No engine, no file and no rule lives here, so that everybody may import it for free.
Invariant: a `Hit` is a suggestion. It carries no title, because titles come from the
database, read again under the viewer's own audience.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import StrEnum

Key = tuple[str, str]


class Engine(StrEnum):
    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


class Mode(StrEnum):
    """What really answered: the page, the API and /readyz show it."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"
    UNAVAILABLE = "unavailable"


class ReasonKind(StrEnum):
    CODE = "code"
    NUMBER = "number"
    WORDS = "words"
    MEANING = "meaning"
    ASKED_AS = "asked_as"
    SAME_SYSTEM = "same_system"
    SAME_MODULE = "same_module"
    SAME_VERSION = "same_version"


@dataclass(frozen=True, slots=True)
class Document:
    kind: str
    id: str
    title: str
    _: KW_ONLY
    body: str = ""
    also: tuple[str, ...] = ()
    """Other ways people ask for it, and the own words of tickets it has solved."""
    codes: tuple[str, ...] = ()
    """Error codes and reference numbers, found exactly and pinned on top."""
    facets: Mapping[str, str] = field(default_factory=dict)
    """system, module, category, state, language, unit, …"""
    audience: frozenset[str] = frozenset()
    """Tokens; a viewer who holds any of them may see it. Empty: only trusted callers."""
    version: str = ""
    """Whatever the database says this content is; compared by `reindex --check`."""
    popularity: float = 0.0

    @property
    def key(self) -> Key:
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    _: KW_ONLY
    audience: frozenset[str] | None = frozenset()
    """None: a trusted caller sees all. The empty set sees nothing, before any engine is asked."""
    kinds: frozenset[str] = frozenset()
    """Empty: every kind."""
    filters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    near: Mapping[str, str] = field(default_factory=dict)
    """What is known of the asker (system, module, unit, version): evidence, never a filter."""
    limit: int = 10
    engine: Engine = Engine.HYBRID
    exclude: frozenset[Key] = frozenset()
    synonyms: tuple[tuple[str, ...], ...] = ()
    """Groups of the desk's own, beside those that are shipped."""
    weighed_among: frozenset[str] = frozenset()
    """Kinds among whose documents a word is rare or common; empty: those that are asked for."""


@dataclass(frozen=True, slots=True)
class Reason:
    kind: ReasonKind
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    kind: str
    id: str
    _: KW_ONLY
    score: float
    probability: float
    trusted: bool
    why: tuple[Reason, ...] = ()
    passage: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.id


class StageName(StrEnum):
    CODES = "codes"
    WORDS = "words"
    MEANING = "meaning"
    FUSED = "fused"
    LATE = "late"
    FINAL = "final"


class Absence(StrEnum):
    """Why a document that was asked about takes no part in a search."""

    NOT_INDEXED = "not_indexed"
    MASKED = "masked"
    """Here, but kept from this asker: by audience, kind, filter or exclusion."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a search: what it proposed, best first, with its own scores."""

    name: StageName
    took_ms: float
    ranking: tuple[tuple[Key, float], ...]
    standing: Mapping[Key, tuple[int, float]] = field(default_factory=dict)
    """Rank and score of each document asked about, however deep; rank 0: not proposed."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Why did my article lose? Every stage, and the features behind each probability."""

    tokens: tuple[str, ...]
    codes: tuple[str, ...]
    stages: tuple[Stage, ...]
    features: Mapping[Key, Mapping[str, float]] = field(default_factory=dict)
    _: KW_ONLY
    contributions: Mapping[Key, Mapping[str, float]] = field(default_factory=dict)
    """What each feature adds to the log-odds; their sum is the probability, before it is made falling."""
    trusted_from: float = 1.0
    calibration: str = ""
    cold_start: bool = True
    meaning_weight: float = 0.0
    candidates: int = 0
    """Documents that this asker's search could have found."""
    absent: Mapping[Key, Absence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    hits: tuple[Hit, ...]
    mode: Mode
    _: KW_ONLY
    generation: str = ""
    took_ms: float = 0.0
    trace: Trace | None = None
    calibration: str = ""
    """Which calibration made the probabilities."""
    is_counted: bool = False
    """Was it fitted on this installation's own judgements? If not, nobody is shown a percentage."""

    @property
    def trusted(self) -> tuple[Hit, ...]:
        return tuple(hit for hit in self.hits if hit.trusted)


@dataclass(frozen=True, slots=True)
class IndexStatus:
    generation: str
    documents: int
    mode: Mode
    encoder: str
    """The encoder's name, or the sentence that says why there is none."""
    words: str
    """The word engine that serves."""
    needs_rebuild: str | None
    _: KW_ONLY
    without_vectors: int = 0
    """Documents that are found by words alone until the encoder has come to them."""
