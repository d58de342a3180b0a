"""Search by meaning with a real, tiny encoder, and what happens when there is none."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests_tiny_model import make

from indexer import Document, Engine, Index, Mode, Query, ReasonKind
from indexer.embedders import BackgroundEmbedder, Embedder, StaticTable, _Transformer, embedder_from
from indexer.ranking import FILE, Ranking
from indexer.signals import NAMES

ALL = frozenset({"everyone"})
DOCUMENTS = (
    Document("article", "login", "登录失败的处理", body="口令过期请重置。", audience=ALL),
    Document("article", "print", "打印不出纸", body="检查打印机电源。", audience=ALL),
    Document(
        "article",
        "money",
        "费用怎么申请",
        body="在财务系统填报。",
        also=("出差的钱怎么拿回来",),
        audience=ALL,
    ),
    Document("article", "secret", "网络断网应急", body="仅专家可见。", audience=frozenset({"experts"})),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def embedder(model: Path) -> Embedder:
    found = embedder_from(str(model))
    assert found is not None
    assert found.wait(60)
    return found


@pytest.fixture
def index(tmp_path: Path, embedder: Embedder) -> Iterator[Index]:
    opened = Index.open(tmp_path / "index", embedder=embedder)
    opened.rebuild(DOCUMENTS)
    yield opened
    opened.close()


def test_the_table_reader_agrees_with_the_library(model: Path) -> None:
    from indexer.embedders import _static_folder

    folder = _static_folder(model)
    assert folder is not None
    texts = ["登录 密码", "打印机 network", "什么都没有", ""]
    ours, theirs = StaticTable(folder).encode(texts), _Transformer(str(model)).encode(texts)
    assert np.allclose(ours[:3], theirs[:3], atol=1e-5)
    assert not np.isnan(ours).any()


def test_meaning_crosses_languages(index: Index) -> None:
    answer = index.search(Query("printer", audience=ALL))
    assert answer.mode is Mode.HYBRID
    assert answer.hits[0].id == "print"
    assert ReasonKind.MEANING in {reason.kind for reason in answer.hits[0].why}
    assert index.search(Query("printer", audience=ALL, engine=Engine.SEMANTIC)).mode is Mode.SEMANTIC


def test_how_sure_meaning_is_does_not_hang_on_how_many_tickets_there_are(index: Index) -> None:
    asked = Query("密码 network 打印", audience=ALL, kinds=frozenset({"article"}))
    before = index.search(asked, explain=True)
    index.update(Document("ticket", str(n), "密码 network 打印 printer", audience=ALL) for n in range(40))
    after = index.search(asked, explain=True)
    assert before.mode is after.mode is Mode.HYBRID
    assert before.trace is not None and after.trace is not None
    assert [hit.id for hit in after.hits] == [hit.id for hit in before.hits]
    for key, features in before.trace.features.items():
        assert after.trace.features[key] == pytest.approx(features, abs=1e-6), key


def test_meaning_never_shows_what_is_not_for_them(index: Index) -> None:
    assert "secret" not in {hit.id for hit in index.search(Query("network", audience=ALL)).hits}
    assert index.search(Query("network", audience=frozenset({"experts"}))).hits[0].id == "secret"
    assert index.search(Query("network", audience=frozenset())).hits == ()


def test_words_alone_on_request(index: Index) -> None:
    answer = index.search(Query("打印", audience=ALL, engine=Engine.LEXICAL))
    assert answer.mode is Mode.LEXICAL
    assert answer.hits[0].id == "print"


def test_narrowed_to_where_nothing_lies_a_learned_order_finds_nothing(tmp_path: Path) -> None:
    folder = make(tmp_path / "learned")
    learned = Ranking(dict.fromkeys(NAMES, 1.0), made_from="a test")
    (folder / FILE).write_text(learned.as_json(), encoding="utf-8")
    embedder = embedder_from(str(folder))
    assert embedder is not None and embedder.wait(60)
    index = Index.open(tmp_path / "index", embedder=embedder)
    index.rebuild(DOCUMENTS)
    assert index.search(Query("打印", audience=ALL)).hits[0].id == "print"
    nowhere = index.search(Query("打印", audience=ALL, kinds=frozenset({"no such kind"})))
    assert (nowhere.mode, nowhere.hits) == (Mode.HYBRID, ())
    index.close()


def test_updates_reach_the_vectors(index: Index) -> None:
    index.update([Document("article", "print", "会议室预订", body="在门户预订。", audience=ALL)])
    first = index.search(Query("printer", audience=ALL, engine=Engine.SEMANTIC)).hits
    assert not first or first[0].probability < 0.5 or first[0].id != "print"
    index.update([Document("article", "new", "打印机驱动", audience=ALL)])
    assert index.search(Query("printer", audience=ALL)).hits[0].id == "new"


def test_probabilities_lie_between_0_and_1_and_fall(index: Index) -> None:
    hits = index.search(Query("登录 密码 打印机", audience=ALL)).hits
    probabilities = [hit.probability for hit in hits]
    assert all(0.0 <= probability <= 1.0 for probability in probabilities)
    assert probabilities == sorted(probabilities, reverse=True)


def test_an_encoder_that_cannot_be_loaded_is_a_sentence(tmp_path: Path) -> None:
    broken = embedder_from(str(tmp_path / "no-such-model"))
    assert broken is not None
    assert broken.wait(60) is False
    index = Index.open(tmp_path / "index", embedder=broken)
    index.update(DOCUMENTS)
    answer = index.search(Query("登录失败", audience=ALL))
    assert answer.mode is Mode.LEXICAL
    assert answer.hits[0].id == "login"
    assert index.status().encoder == broken.fault
    assert index.needs_rebuild is None


def test_another_encoder_asks_for_a_rebuild(index: Index, tmp_path: Path) -> None:
    other = embedder_from(str(make(tmp_path / "other", seed=9)))
    assert other is not None
    assert other.wait(60)
    again = Index.open(tmp_path / "index", embedder=other)
    assert again.search(Query("登录失败", audience=ALL)).mode is Mode.LEXICAL
    assert again.needs_rebuild
    again.rebuild(DOCUMENTS)
    assert again.needs_rebuild is None
    assert again.search(Query("printer", audience=ALL)).hits[0].id == "print"


class _Slow:
    """Loads until it is let go."""

    dims = 4
    quick = True

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.ones((len(texts), 4), dtype=np.float32)

    encode_queries = encode

    def piece_ids(self, text: str) -> None:
        return None

    def piece_vectors(self, ids: object) -> np.ndarray:
        raise NotImplementedError


def test_words_answer_while_the_encoder_loads(tmp_path: Path) -> None:
    import threading

    released = threading.Event()

    def load(_: str) -> _Slow:
        released.wait(30)
        return _Slow()

    slow = BackgroundEmbedder("slow", load)
    index = Index.open(tmp_path / "index", embedder=slow)
    index.update(DOCUMENTS)
    answer = index.search(Query("登录失败", audience=ALL))
    assert answer.mode is Mode.LEXICAL
    assert answer.hits[0].id == "login"
    assert not released.is_set()
    released.set()
    assert slow.wait(30)
    index.update([])
    assert index.search(Query("登录失败", audience=ALL)).mode is Mode.HYBRID


def test_a_models_own_prompts_stand_before_questions(model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    prompted = SentenceTransformer(str(model), device="cpu", prompts={"query": "网络 "})
    prompted.save(str(tmp_path / "tiny"))
    with_prompt, plain = embedder_from(str(tmp_path / "tiny")), embedder_from(str(model))
    assert with_prompt is not None
    assert plain is not None
    assert with_prompt.wait(60)
    assert plain.wait(60)
    text = ["打印机"]
    assert np.allclose(with_prompt.encode(text), plain.encode(text), atol=1e-3), "documents have no prompt"
    assert np.allclose(with_prompt.encode_queries(text), plain.encode(["网络 打印机"]), atol=1e-3)
    assert with_prompt.name != plain.name, "other prompts make other vectors"


def test_a_model_of_gigabytes_is_named_by_samples(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from indexer import embedders

    monkeypatch.setattr(embedders, "_READ_WHOLE", 100)
    monkeypatch.setattr(embedders, "_SAMPLE", 16)
    again, retrained = make(tmp_path / "again" / "tiny"), make(tmp_path / "retrained" / "tiny", seed=2)
    names = [embedders._fingerprint(str(path)) for path in (model, again, retrained)]
    assert names[0] == names[1] != names[2]


def test_no_encoder_by_choice() -> None:
    assert embedder_from(None) is None
