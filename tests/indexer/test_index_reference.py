"""The index against a brute-force search that shares nothing with it but the text analysis."""

import math
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer import Document, Engine, Index, Query
from indexer.asked import understood
from indexer.columns import FACETS
from indexer.document import Key
from indexer.text import count_terms
from indexer.tuning import TUNING

WORDS = [
    "登录",
    "失败",
    "打印机",
    "脱机",
    "报销",
    "审批",
    "ORA-01017",
    "vpn",
    "网络",
    "账号",
    "系统",
    "error",
]
AUDIENCES = ["everyone", "staff", "experts"]


class Reference:
    """Every document, one after another."""

    def __init__(self, documents: list[Document]) -> None:
        self.documents = {document.key: document for document in documents}

    def visible(self, query: Query) -> dict[Key, Document]:
        def may(document: Document) -> bool:
            seen = query.audience is None or bool(query.audience & document.audience)
            kind = not query.kinds or document.kind in query.kinds
            facets = all(
                document.facets.get(name, "") in values and (name in document.facets or name in FACETS)
                for name, values in query.filters.items()
            )
            return seen and kind and facets and document.key not in query.exclude

        return {key: document for key, document in self.documents.items() if may(document)}

    def matching(self, query: Query) -> set[Key]:
        """Who shares a term with the question."""
        asked = {wanted.text for wanted in understood(query.text, TUNING).terms}
        return {key for key, held in self.visible(query).items() if asked & set(_counts(held))}

    def scores(self, text: str) -> dict[Key, float]:
        counted = {key: _counts(held) for key, held in self.documents.items()}
        average = sum(sum(counts.values()) for counts in counted.values()) / max(1, len(counted))
        found: Counter[Key] = Counter()
        for wanted in understood(text, TUNING).terms:
            bearers = [key for key, counts in counted.items() if wanted.text in counts]
            rarity = math.log(1 + (len(counted) - len(bearers) + 0.5) / (len(bearers) + 0.5))
            for key in bearers:
                count, length = counted[key][wanted.text], sum(counted[key].values())
                norm = TUNING.k1 * (1 - TUNING.b + TUNING.b * length / average)
                found[key] += wanted.weight * rarity * count * (TUNING.k1 + 1) / (count + norm)
                titled = wanted.text in count_terms(self.documents[key].title)
                found[key] += TUNING.title * wanted.weight * rarity * titled
        return found


def _counts(document: Document) -> Counter[str]:
    counts = count_terms(f"{document.body} \n")
    for term, count in count_terms(document.title).items():
        counts[term] += 2 * count
    return counts


DOCUMENT = st.builds(
    lambda id_, kind, title, body, audience, system: Document(
        kind,
        id_,
        "".join(title),
        body="，".join(body),
        audience=frozenset(audience),
        facets={"system": system} if system else {},
    ),
    st.sampled_from([str(number) for number in range(12)]),
    st.sampled_from(["article", "defect"]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.lists(st.sampled_from(WORDS), max_size=8),
    st.lists(st.sampled_from(AUDIENCES), max_size=2),
    st.sampled_from(["", "4A", "ERP"]),
)
QUERY = st.builds(
    lambda words, audience, kinds, filters, exclude: Query(
        " ".join(words),
        audience=None if audience is None else frozenset(audience),
        kinds=frozenset(kinds),
        filters={} if filters is None else {"system": frozenset(filters)},
        exclude=frozenset(exclude),
        limit=50,
        engine=Engine.LEXICAL,
    ),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.none() | st.lists(st.sampled_from(AUDIENCES), max_size=2),
    st.lists(st.sampled_from(["article", "defect"]), max_size=2),
    st.none() | st.lists(st.sampled_from(["4A", "ERP", "none"]), max_size=2),
    st.lists(st.tuples(st.sampled_from(["article", "defect"]), st.sampled_from(["1", "2"])), max_size=1),
)
STEPS = st.lists(st.lists(DOCUMENT, max_size=4) | st.sampled_from(["1", "2", "3"]), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, query=QUERY)
def test_any_history_shows_exactly_what_may_be_seen(
    steps: list[list[Document] | str], query: Query, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        index = Index.open(Path(place) / "index", embedder=None)
        held: dict[Key, Document] = {}
        for step in steps:
            if isinstance(step, str):
                index.remove([("article", step)])
                held.pop(("article", step), None)
            else:
                index.update(step)
                held |= {document.key: document for document in step}
        reference = Reference(list(held.values()))
        found = {hit.key for hit in index.search(query).hits}
        allowed = reference.visible(query)
        assert found <= set(allowed)
        if query.audience is None or query.audience:
            assert reference.matching(query) <= found
        else:
            assert found == set()
        assert set(index.versions()) == set(held)
        index.close()


def test_scores_are_those_of_the_formula(tmp_path: Path) -> None:
    documents = [
        Document(
            "article", str(number), WORDS[number] + WORDS[(number * 5) % 12], body="，".join(WORDS[number:])
        )
        for number in range(12)
    ]
    index = Index.open(tmp_path / "index", embedder=None)
    index.update(documents)
    for text in ("登录失败", "打印机 脱机", "vpn error"):
        answer = index.search(Query(text, audience=None, limit=12), explain=True)
        assert answer.trace is not None
        words = next(dict(stage.ranking) for stage in answer.trace.stages if stage.name == "words")
        reference = Reference(documents).scores(text)
        for key, score in words.items():
            assert score >= reference.get(key, 0.0) - 1e-3
        plain = [key for key, _ in sorted(reference.items(), key=lambda pair: -pair[1])]
        assert next(iter(words)) in plain[:3]
    index.close()
