"""Alike texts come together, whatever else is about, and keep their name while they grow."""

import itertools
import random

import numpy as np
import pytest

from indexer import Document, Index, clusters
from indexer.clusters import Alike, Group, groups, with_ids_of

ORA = [
    "登录营销系统报 ORA-01017 用户名口令无效",
    "今天一直提示 ora 01017 进不去",
    "ORA-01017 怎么处理",
]
METER = [
    "抄表数据导入之后电量翻倍",
    "导入抄表数据后电量变成两倍",
    "抄表数据重复导入，电量翻倍了",
]
OTHERS = ["会议室投影仪不亮", "打印机卡纸", "请假流程走到哪里了"]


def alike(texts: list[str], within: str = "mkt", start: int = 1) -> list[Alike]:
    return [Alike(("ticket", str(start + place)), text, within) for place, text in enumerate(texts)]


def members(found: list[Group]) -> list[set[str]]:
    return [{id_ for _, id_ in group.members} for group in found]


def test_the_same_code_and_the_same_rare_words_bring_together() -> None:
    found = groups(alike([*METER, *ORA, *OTHERS]))
    assert members(found) == [{"4", "5", "6"}, {"1", "2", "3"}] or members(found) == [
        {"1", "2", "3"},
        {"4", "5", "6"},
    ]
    assert "ora1017" in next(group for group in found if ("ticket", "4") in group.members).words
    assert found[0].members[0][1] == max(id_ for _, id_ in found[0].members), "the newest comes first"


def test_a_group_never_leaves_its_system() -> None:
    found = groups([*alike(ORA, "mkt"), *alike(ORA, "oa", start=11)])
    assert members(found) == [{"11", "12", "13"}, {"1", "2", "3"}]


def test_meaning_brings_together_what_shares_no_word() -> None:
    texts = alike(["电脑蓝屏", "开机只有白底英文字母", "请假流程走到哪里了"])
    near, far = np.array([1.0, 0.0], dtype=np.float32), np.array([0.0, 1.0], dtype=np.float32)
    assert groups(texts) == []
    meanings = {("ticket", "1"): near, ("ticket", "2"): near, ("ticket", "3"): far}
    assert members(groups(texts, meanings)) == [{"1", "2"}]
    del meanings["ticket", "2"]
    assert groups(texts, meanings) == [], "who has no vector is compared by words alone"


def test_order_of_arrival_changes_names_of_nothing() -> None:
    texts = alike([*METER, *ORA, *OTHERS])
    first = groups(texts)
    late = [Alike(("ticket", "99"), "又是 ORA-01017", "mkt")]
    assert {group.id for group in groups([*texts, *late])} == {group.id for group in first}
    assert groups(texts) == first


def test_a_group_keeps_its_name_when_its_eldest_leaves() -> None:
    texts = alike([*METER, *ORA])
    before = groups(texts)
    after = with_ids_of(before, groups([one for one in texts if one.key[1] not in ("1", "4")]))
    assert {group.id for group in after} == {group.id for group in before}
    for group in after:
        old = next(one for one in before if one.id == group.id)
        assert set(group.members) < set(old.members)


def test_a_divided_group_leaves_its_name_to_the_larger_part_and_names_are_unique() -> None:
    keys = [("ticket", str(number)) for number in range(5)]
    before = [Group("one", tuple(keys), ())]
    now = [Group("x", tuple(keys[:2]), ()), Group("y", tuple(keys[2:]), ())]
    assert [group.id for group in with_ids_of(before, now)] == ["x", "one"]
    met = [Group("z", tuple(keys), ())]
    assert with_ids_of(now, met)[0].id == "y"
    clash = [Group("one", tuple(keys[:1]), ()), Group("q", tuple(keys[1:]), ())]
    named = [group.id for group in with_ids_of(before, clash)]
    assert named[1] == "one"
    assert len(set(named)) == 2


def test_a_chain_of_resemblances_is_no_group() -> None:
    """Each is like the next; the first and the last have nothing in common."""
    links = ["".join(chr(0x4E00 + 97 * place + 13 * sign) for sign in range(4)) for place in range(40)]
    texts = alike([f"{one}，{other}" for one, other in itertools.pairwise(links)])
    found = groups(texts)
    assert found
    assert max(len(group.members) for group in found) < len(texts)
    ends = {texts[0].key, texts[-1].key}
    assert not any(ends <= set(group.members) for group in found)


def test_the_same_texts_make_the_same_groups_every_time() -> None:
    dice = random.Random(7)
    words = ["抄表", "电量", "导入", "翻倍", "审批", "卡住", "打印", "缺页", "登录", "白屏", "报表", "导出"]
    texts = alike(["，".join(dice.sample(words, 4)) for _ in range(80)])
    first = groups(texts)
    assert first == groups(texts)
    everybody = [key for group in first for key in group.members]
    assert len(everybody) == len(set(everybody))


@pytest.mark.parametrize("text", ["", " ", "😀", "\ud83d", "a" * 100_000, "的" * 5_000])
def test_any_text_may_be_there(text: str) -> None:
    assert isinstance(groups(alike([text, text, *METER])), list)


def test_of_too_many_the_newest_are_grouped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "MOST", 3)
    assert members(groups(alike([*METER, *ORA]))) == [{"4", "5", "6"}]


def test_an_index_without_vectors_groups_by_words(tmp_path: object) -> None:
    index = Index.open(tmp_path / "index", embedder=None)  # type: ignore[operator]
    assert members(index.groups(alike(ORA))) == [{"1", "2", "3"}]
    index.update([Document("ticket", "1", ORA[0])])
    assert members(index.groups(alike(ORA))) == [{"1", "2", "3"}]
    index.close()
