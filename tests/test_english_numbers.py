"""English sentences that count things read well for one, too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import portal

CATALOGUE = Path(portal.__file__).parent / "translations" / "en" / "LC_MESSAGES" / "messages.po"
#: Sentences that are said of one as often as of many.
ALSO_OF_ONE = (
    "%(n)s 张工单已经跟上。",
    "已把 %(n)s 张工单关联到 %(number)s，按 u 可撤销。",
    "%(n)s 张工单填过",
    "另有 %(n)s 张工单不在您负责的范围内。",
    "另有 %(n)s 张工单不在您的范围内。",
    "%(tickets)s 张工单，共 %(people)s 人",
    "近四周 %(now)s 人，之前四周 %(before)s 人",
    "%(people)s 人问过 %(asks)s 次",
    "另有 %(n)s 张工单不在您的权限范围内，只计数。",
    "%(name)s交给您 %(n)s 张工单",
    "%(name)s交来 %(n)s 张工单",
    "对 %(n)s 张执行“%(deed)s”",
    "批量%(deed)s · %(n)s 张工单",
    "%(when)s 分派了 %(n)s 张工单。",
    "您把 %(n)s 张工单关联到了已有缺陷：%(title)s",
)
OF_MANY = re.compile(r"%\((?:n|tickets|people|now|asks|before)\)s (?:more )?(?:tickets|people|times)")


@pytest.mark.parametrize("sentence", ALSO_OF_ONE)
def test_a_sentence_that_may_be_said_of_one(sentence: str) -> None:
    with CATALOGUE.open("rb") as file:
        told = read_po(file, locale="en").get(sentence)
    assert told is not None
    assert not OF_MANY.search(str(told.string))
