"""Slips of the hand: same-sound characters, traditional forms, a character dropped or doubled.

Only for training; the search's own tolerance of typing errors lives in `indexer.sounds`.
Invariant: at most a few characters change, so the sentence still says the same thing.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cache

from indexer.characters import simplified
from indexer.sounds import sounds

_SHAPES = (
    "已己巳", "人入八", "土士", "未末", "日曰目", "天夫无", "干千于", "大太犬", "贝见", "账帐胀",
    "拔拨", "住往", "侯候", "密蜜", "徽微", "网罔", "纪记", "令今", "析折", "治冶", "阅阔", "导异",
)  # fmt: skip
_COMMON = (
    "登录密码账号系统报销单据审批打印网络服务无法提示错误失败用户权限设置数据查询保存提交流程工单电费抄表计量"
    "安装更新连接文件邮件导出导入显示界面卡顿重启停电线路设备班组领导财务发票合同项目物资采购仓库库存人员信息"
    "登陆帐户已经以及在再做作座有又由优以一意义式事是时十实使示始试视市师石食识只之知直值指制质治志至支"
)
"""Of these a same-sound slip is likely to be another of these."""

Slip = Callable[[str, random.Random], str]


@cache
def _alike() -> Mapping[str, str]:
    """Each character with those it is mistaken for by sound or by shape."""
    heard: dict[str, set[str]] = defaultdict(set)
    for character in _COMMON:
        for sound in sounds(character)[:1]:
            heard[sound].add(character)
    groups = [*map(frozenset, _SHAPES), *map(frozenset, heard.values())]
    return {
        character: "".join(
            sorted(set().union(*(group for group in groups if character in group)) - {character})
        )
        for character in sorted(set().union(*groups))
    }


@cache
def _traditional() -> Mapping[str, str]:
    return {plain: form for form, plain in sorted(simplified().items(), reverse=True)}


def mistaken(text: str, dice: random.Random) -> str:
    places = [place for place, character in enumerate(text) if _alike().get(character)]
    if not places:
        return text
    place = dice.choice(places)
    return text[:place] + dice.choice(_alike()[text[place]]) + text[place + 1 :]


def traditional(text: str, dice: random.Random) -> str:
    return "".join(_traditional().get(character, character) for character in text)


def dropped(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + text[place + 1 :] if len(text) > 4 else text


def doubled(text: str, dice: random.Random) -> str:
    place = dice.randrange(len(text))
    return text[:place] + text[place] + text[place:]


SLIPS: tuple[Slip, ...] = (mistaken, mistaken, traditional, dropped, doubled)


def slipped(text: str, dice: random.Random) -> str:
    """The text with one slip of a kind drawn by `dice`."""
    return dice.choice(SLIPS)(text, dice) if text else text
