"""Two desks exchange packs: what comes in, what changed where, and what nobody loses."""

from __future__ import annotations

import pytest

from kb.flow import ArticleState, Refused
from portal.packs.words import Choice, Standing
from tests.packs.desks import Desk
from tests.web.conftest import png_of

Friends = tuple[Desk, Desk]
TITLE = "电费发票怎么下载"


def test_a_new_article_comes_to_the_reviewers(friends: Friends) -> None:
    here, there = friends
    here.publish(TITLE, system="mkt", module="bill", also=["发票在哪"])
    number = there.receive(here.make())
    assert there.standings(number) == {TITLE: Standing.NEW}
    there.apply(number)
    [(_, state, body, _)] = there.titled(TITLE)
    assert state == ArticleState.IN_REVIEW
    assert body == "1. 按步骤操作。"


def test_asked_for_it_is_published_and_verified_by_nobody(friends: Friends) -> None:
    here, there = friends
    here.publish(TITLE)
    there.take(here.make(), publish=True)
    [(_, state, _, confidence)] = there.titled(TITLE)
    assert (state, confidence) == (ArticleState.PUBLISHED, "unverified")


def test_the_same_pack_again_changes_nothing(friends: Friends) -> None:
    here, there = friends
    here.publish(TITLE)
    path = here.make()
    there.take(path)
    before = there.titled(TITLE)
    number = there.receive(path)
    assert there.standings(number) == {TITLE: Standing.UNCHANGED}
    with pytest.raises(Refused, match="没有选中"):
        there.apply(number)
    assert there.titled(TITLE) == before


def test_what_changed_only_there_is_taken_and_only_here_is_kept(friends: Friends) -> None:
    here, there = friends
    mine, other = here.publish(TITLE), here.publish("公文打不开")
    there.take(here.make())
    [(other_there, *_)] = there.titled("公文打不开")
    there.edit(other_there, "2. 那边改过。")
    here.edit(mine, "2. 这边改过。")
    number = there.receive(here.make())
    assert there.standings(number) == {TITLE: Standing.THEIRS, "公文打不开": Standing.OURS}
    there.apply(number)
    assert there.titled(TITLE)[0][2] == "2. 这边改过。"
    assert there.titled("公文打不开")[0][2] == "2. 那边改过。"
    # and back: what was edited there comes home as a later version of ours
    number = here.receive(there.make())
    assert here.standings(number) == {TITLE: Standing.UNCHANGED, "公文打不开": Standing.THEIRS}
    here.apply(number)
    assert here.titled("公文打不开")[0][2] == "2. 那边改过。"
    with here.maker() as session:
        assert here.article(session, other).state == ArticleState.DUE


def conflict(friends: Friends) -> int:
    here, there = friends
    mine = here.publish(TITLE)
    there.take(here.make())
    there.edit(there.titled(TITLE)[0][0], "那边的话。")
    here.edit(mine, "这边的话。")
    number = there.receive(here.make())
    assert there.standings(number) == {TITLE: Standing.CONFLICT}
    return number


def test_a_conflict_is_left_alone_unless_somebody_chooses(friends: Friends) -> None:
    _, there = friends
    number = conflict(friends)
    with pytest.raises(Refused, match="没有选中"):
        there.apply(number)
    assert there.titled(TITLE)[0][2] == "那边的话。"


def test_a_conflict_settled_for_ours_goes_home_as_a_later_version(friends: Friends) -> None:
    here, there = friends
    number = conflict(friends)
    there.choose(number, TITLE, Choice.KEEP)
    there.apply(number)
    assert there.titled(TITLE)[0][2] == "那边的话。"
    home = here.receive(there.make())
    assert here.standings(home) == {TITLE: Standing.THEIRS}


def test_a_conflict_settled_for_theirs(friends: Friends) -> None:
    here, there = friends
    number = conflict(friends)
    there.choose(number, TITLE, Choice.TAKE)
    there.apply(number)
    assert there.titled(TITLE)[0][2] == "这边的话。"
    assert here.standings(here.receive(there.make())) == {TITLE: Standing.UNCHANGED}


def test_a_conflict_laid_beside_ours_as_a_draft(friends: Friends) -> None:
    _, there = friends
    number = conflict(friends)
    there.choose(number, TITLE, Choice.BESIDE)
    there.apply(number)
    [ours, theirs] = there.titled(TITLE)
    assert (ours[2], theirs[2], theirs[1]) == ("那边的话。", "这边的话。", ArticleState.DRAFT)


def test_an_older_pack_is_told_and_overwrites_nothing(friends: Friends) -> None:
    here, there = friends
    mine = here.publish(TITLE)
    old = here.make()
    here.edit(mine, "新的话。")
    there.take(here.make())
    number = there.receive(old)
    assert there.standings(number) == {TITLE: Standing.OURS}


def test_changing_a_text_back_is_a_change(friends: Friends) -> None:
    here, there = friends
    mine = here.publish(TITLE, "甲")
    old = here.make()
    there.take(old)
    here.edit(mine, "乙")
    there.take(here.make())
    here.edit(mine, "甲")
    there.take(here.make())
    assert there.titled(TITLE)[0][2] == "甲"
    assert there.standings(there.receive(here.made[1])) == {TITLE: Standing.OURS}


def test_what_was_retired_there_is_offered_and_kept_by_default(friends: Friends) -> None:
    here, there = friends
    mine = here.publish(TITLE)
    there.take(here.make())
    here.retire(mine)
    here.publish("另一篇")
    number = there.receive(here.make())
    assert there.standings(number)[TITLE] == Standing.GONE
    there.apply(number)
    assert there.titled(TITLE)[0][1] == ArticleState.PUBLISHED
    there.choose(number, TITLE, Choice.TAKE)
    there.apply(number)
    assert there.titled(TITLE)[0][1] == ArticleState.RETIRED
    there.undo(number)
    assert there.titled(TITLE)[0][1] == ArticleState.PUBLISHED


def test_links_pictures_and_translations_come_along(friends: Friends) -> None:
    here, there = friends
    for filler in range(3):  # so that numbers differ
        there.publish(f"自己的 {filler}")
    picture = here.picture(png_of(12, 8))
    first = here.publish(TITLE)
    second = here.publish("看图", f"见 [[{first}|下载]]，图：![图]({picture})")
    here.edit(first, f"先看 [[{second}]]，再看 [这里](/kb/{second}#s-x)。")
    from portal.tickets.illustrations import adopt

    with here.work() as (session, editor):
        adopt(session, here.article(session, second), by=editor)
        english = here.article(session, first).id
    third = here.publish("How to download", "1. Click.", language="en")
    with here.work() as (session, _):
        here.article(session, third).translation_of_id = english
    there.take(here.make())
    [(one, _, said, _)] = there.titled(TITLE)
    [(two, _, shown, _)] = there.titled("看图")
    assert said == f"先看 [[{two}]]，再看 [这里](/kb/{two}#s-x)。"
    assert shown.startswith(f"见 [[{one}|下载]]，图：![图](/files/")
    with there.maker() as session:
        translation = there.article(session, there.titled("How to download")[0][0])
        assert translation.translation_of_id == there.article(session, one).id
    home = here.receive(there.make())
    assert set(here.standings(home).values()) == {Standing.UNCHANGED, Standing.NEW}


def test_undoing_gives_back_what_was_here(friends: Friends) -> None:
    here, there = friends
    mine = here.publish(TITLE)
    there.take(here.make())
    here.edit(mine, "新的话。")
    here.publish("新的一篇")
    number = there.take(here.make(), publish=False)
    there.undo(number)
    [(_, state, body, _)] = there.titled(TITLE)
    assert (state, body) == (ArticleState.PUBLISHED, "1. 按步骤操作。")
    assert there.titled("新的一篇")[0][1] == ArticleState.DRAFT
    # nothing is in the way of taking it after all
    again = there.receive(here.made[-1])
    assert there.standings(again) == {TITLE: Standing.THEIRS, "新的一篇": Standing.NEW}
    there.apply(again)
    assert [row[1] for row in there.titled("新的一篇")] == [ArticleState.IN_REVIEW]


def test_nobodys_later_work_is_undone(friends: Friends) -> None:
    here, there = friends
    here.publish(TITLE)
    number = there.take(here.make())
    there.edit(there.titled(TITLE)[0][0], "后来改的。")
    there.undo(number)
    assert there.fates(number)[TITLE] == ("kept", "接收以后这里又有人动过，没有撤销。")
    assert there.titled(TITLE)[0][2] == "后来改的。"


def test_what_changed_after_the_preview_is_not_overwritten(friends: Friends) -> None:
    here, there = friends
    mine = here.publish(TITLE)
    there.take(here.make())
    here.edit(mine, "新的话。")
    number = there.receive(here.make())
    there.edit(there.titled(TITLE)[0][0], "刚刚改的。")
    there.apply(number)
    assert there.fates(number)[TITLE][0] == "failed"
    assert there.titled(TITLE)[0][2] == "刚刚改的。"
