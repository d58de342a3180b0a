"""The encoder's training: what is read, what is drawn, and a tiny model from end to end."""

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest

from indexer.characters import fold
from indexer.embedders import StaticTable, embedder_from
from indexer.training.bags import bags_of
from indexer.training.card import card
from indexer.training.making import Run, made
from indexer.training.noise import dropped, mistaken, slipped, traditional
from indexer.training.reading import (
    PARALLEL,
    SEED_GROUPS,
    SYNONYMS,
    Group,
    Material,
    NoData,
    groups_of,
    material,
    pairs_of,
    split,
)
from indexer.training.recipe import Recipe
from indexer.training.tokenizer import trained

THINGS = (
    ("printer", "打印机"),
    ("password", "密码"),
    ("network", "网络"),
    ("invoice", "发票"),
    ("meter", "电表"),
)
FAULTS = (
    ("does not work", "不能用"),
    ("is missing", "不见了"),
    ("must be changed", "要更换"),
    ("is slow", "很慢"),
)
PAIRS = [
    (f"The {thing} {fault} in room {room}", f"{room}号房间的{ding}{err}")
    for room in range(10)
    for thing, ding in THINGS
    for fault, err in FAULTS
]
TINY = Recipe(
    vocabulary=300,
    tokenizer_pairs=200,
    dims=16,
    batch=32,
    epochs=12,
    desk_steps=10,
    desk_pairs=32,
    check_share=0.3,
)


def group(number: int, theme: str) -> dict[str, object]:
    return {
        "theme": theme,
        "official": f"{number}号打印机无法打印",
        "body": "检查电源。",
        "said": [f"{number}号机器不出纸", "printer is dead"],
        "near_miss": [f"{number}号打印机缺墨"] if number % 2 else [],
    }


def jsonl(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "desk").mkdir(parents=True)
    with gzip.open(folder / PARALLEL, "wt", encoding="utf-8") as file:
        file.writelines(f"{english}\t{chinese}\tsource\tkind\n" for english, chinese in PAIRS)
        file.write("same\tsame\tsource\tkind\n中文\t中文\tsource\tkind\n\t空\n")
    jsonl(folder / "desk" / "a.jsonl", [group(number, f"theme{number // 4}") for number in range(20)])
    return folder


def read(data: Path, recipe: Recipe = TINY) -> Material:
    return material(
        data, most=recipe.pairs, check_share=recipe.check_share, seed=recipe.seed, desk=data / "desk"
    )


def run_of(data: Path, *, resume: bool = False) -> Run:
    told: list[str] = []
    return Run(
        read(data),
        TINY,
        work=data / "work",
        device="cpu",
        resume=resume,
        progress=lambda stage, *_: told.append(stage),
    )


def test_pairs_need_both_languages_and_come_in_a_seeded_order(data: Path) -> None:
    found = pairs_of(data / PARALLEL, most=None, seed=1)
    assert sorted(found) == sorted((fold(english), chinese) for english, chinese in PAIRS)
    assert found == pairs_of(data / PARALLEL, most=None, seed=1)
    assert found != pairs_of(data / PARALLEL, most=None, seed=2)
    assert pairs_of(data / PARALLEL, most=5, seed=1) == found[:5]


def test_a_folder_without_sentences_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NoData, match=r"parallel\.tsv\.gz"):
        read(tmp_path)


def test_a_theme_is_wholly_in_one_part() -> None:
    groups = [Group(f"t{number % 9}", str(number), "", ("a",), ()) for number in range(90)]
    parts = split(groups, share=0.25, seed=1)
    assert {one.theme for one in parts.train}.isdisjoint(one.theme for one in parts.check)
    assert len(parts.train) + len(parts.check) == 90
    assert 0 < len(parts.check) <= 0.25 * 90


def test_groups_without_a_theme_are_kept_with_their_neighbours(tmp_path: Path) -> None:
    rows = [{"official": str(number), "said": ["a", "b"]} for number in range(30)]
    found = list(groups_of(jsonl(tmp_path / SEED_GROUPS, rows)))
    assert len({one.theme for one in found}) == 3
    assert found[0].theme == found[11].theme != found[12].theme


def test_slips_change_little() -> None:
    dice = random.Random(3)
    assert traditional("账号登录", dice) != "账号登录"
    assert mistaken("登录密码", dice) != "登录密码"
    assert mistaken("xyz", dice) == "xyz"
    assert len(dropped("系统打不开", dice)) == 4
    assert dropped("打不开", dice) == "打不开"
    assert slipped("", dice) == ""
    assert slipped("密码忘了", random.Random(5)) == slipped("密码忘了", random.Random(5))


def test_bags_are_picked_in_the_order_asked_and_never_empty() -> None:
    tokenizer = trained([text for pair in PAIRS for text in pair], TINY)
    bags = bags_of(tokenizer, ["打印机很慢", "", "the printer"])
    flat, offsets = bags.pick(np.array([2, 1]))
    assert flat[: offsets[1]].tolist() == tokenizer.encode("the printer").ids
    assert flat[offsets[1] :].tolist() == [0]


def test_a_word_is_the_same_piece_beside_a_latin_name_as_in_a_sentence() -> None:
    tokenizer = trained([text for pair in PAIRS for text in pair], TINY)
    alone = tokenizer.encode("打印机").tokens
    assert tokenizer.encode("HP打印机").tokens[-len(alone) :] == alone


def test_the_recipe_hash_moves_with_numbers_and_files() -> None:
    same = Recipe().hash({"a": "1"})
    assert same == Recipe().hash({"a": "1"})
    assert len({same, Recipe(dims=128).hash({"a": "1"}), Recipe().hash({"a": "2"})}) == 3


def test_a_tiny_training_ends_in_a_model_that_knows_translations(data: Path, tmp_path: Path) -> None:
    pieces = made(run_of(data), tmp_path / "model")
    table = StaticTable(tmp_path / "model")
    assert table.dims == TINY.dims
    likeness = (
        table.encode([pair[0] for pair in PAIRS[:20]]) @ table.encode([pair[1] for pair in PAIRS[:20]]).T
    )
    # The tokenizer's training differs a little from run to run: no single sentence is sure, all of them are.
    assert np.diag(likeness).mean() > likeness.mean() + 0.1
    text = card(run_of(data), data, {}, pieces=pieces)
    assert "Not judged" in text
    assert run_of(data).hash in text


@pytest.mark.slow
def test_sentence_transformers_reads_the_same_vectors(data: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    made(run_of(data), tmp_path / "model")
    texts = ["打印机很慢", "The network is missing"]
    ours = embedder_from(str(tmp_path / "model"))
    assert ours is not None
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(texts)
    assert np.allclose(ours.encode(texts), np.asarray(theirs, dtype=np.float32), atol=5e-3)


def test_kept_stages_are_taken_up_and_the_same_pieces_give_the_same_model(data: Path, tmp_path: Path) -> None:
    made(run_of(data), tmp_path / "one")
    made(run_of(data, resume=True), tmp_path / "two")
    for kept in (data / "work").glob("*.npy"):
        kept.unlink()
    made(run_of(data, resume=True), tmp_path / "three")
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("one", "two", "three")]
    assert files[0] == files[1]
    first, again = (StaticTable(tmp_path / name).encode(["打印机"]) for name in ("one", "three"))
    assert np.allclose(first, again, atol=1e-2)


def test_the_products_synonyms_are_what_is_learnt(data: Path) -> None:
    assert SYNONYMS.is_file()
    assert len(read(data).synonyms) > 100
