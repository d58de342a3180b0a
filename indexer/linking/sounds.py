"""How a report sounds, whatever it is about: a table of ways of saying things.

People who meet a defect tell what broke, since when, and that it is broken again; people who look alike
ask how something is done, wish for it, or have found their own mistake already. These words say nothing
about the matter, so they hold for every desk. Invariant: every repetition is bounded, so that no text
takes long; only the beginning of a text is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from indexer.characters import fold

_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class Sound:
    name: str
    weight: float
    """What is believed of it before any report was judged; less than nothing: no defect."""
    pattern: str


# fmt: off
SOUNDS = (
    # asks how, where, whether
    Sound("how",      -0.5, r"怎么(?!点|按|弄都|改都|试)|如何|咋(办|弄|整|走|填)|在哪|哪里|哪个|哪儿|哪一|该(点|找|走|填|选|报)"
                            r"|能不能|能否|可否|可不可以|行不行|能.{1,8}吗|是不是要|要不要|要先|需要(什么|哪些)|多久|也算|算不算"
                            r"|\bhow (do|can|to)\b|\bwhere\b|\bcan i\b"),
    # wishes for something
    Sound("wish",     -0.5, r"(^|[，。；,我就])(想|希望|建议|求|麻烦|申请|能)|要是能|最好|帮(我|忙|着)|请(帮|给|把)|加(一)?个"
                            r"|单独设|开通|想(要|改|把|撤|换|问|补|调)|求(清|改|帮|开)|能(单独|改|补|撤|调|导|加|设)"
                            r"|\bplease (add|change|grant|reset)\b"),
    # has looked into it and knows why
    Sound("learnt",   -0.5, r"查了|查过|查下来|查到|查出|一查|一看|才(知道|发现|看到|想起|明白)|后来|原来是|确实|其实|问了|核(对)?过"
                            r"|是我|因为|\bturned out\b"),
    # somebody's own slip
    Sound("mistake",  -0.5, r"(填|录|选|写|抄|输|传|附|点|挂|导|打|按)(成?了?)?错|填成|录成|写成|忘(了|记)|漏(填|录|选|报)"
                            r"|没(申请|登记|报名|授权|给权限|建|开通|入账|下发|导)|不小心|误(点|删|操作)|\bby mistake\b"),
    # waits for a person, not for a program
    Sound("people",   -0.3, r"没.{0,3}人(批|管|审|办|接|处理|给)|待审|审批人|卡在.{0,8}(主任|领导|财务|部门|那)|压在|等.{0,6}(审批|同意|点头|批)"
                            r"|还没批|没批|催|休.{0,2}假|离职|退回"),
    # something outside the program
    Sound("outside",  -0.3, r"欠费|停机|掉线|坏了|电池|信号|断网|没网|外面网|光猫|红灯|过期|到期|停电了|手机管家|垃圾箱"
                            r"|家里电脑|别的电脑|换.{0,4}电脑"),
    # a rule that holds
    Sound("limit",    -0.3, r"不得|超过|超了|次数|用完|额度真|大小|必填|截止|已过|锁着|锁定"),
    # since a new version
    Sound("update",    0.4, r"升级|升(完|了|到|的)|换(了|到|完)?(新的?|的)?(版|新)|新版|更新(完|了|后)|打补丁|这版|那版|老版"
                            r"|\d\.\d+(\.\d+)?|\b(since|after) the (update|upgrade)\b"),
    # again, although it was said to be repaired
    Sound("again",     0.3, r"还是|照样|照旧|照收|仍|依旧|又来|又存|又(出|有|犯|不)|没用|不是说|都说|听说|愣|\bstill\b|\bagain\b"),
    # more than one person
    Sound("many",      0.3, r"都这样|好几|几十|一上午|大家|全科|全所|每天|天天|每次|每回|一天.{0,3}(遍|次)|好多"
                            r"|[两三四五六七八九十]户|[两三四五六七八九十几]个人|整村|一批|都(拿|打|收|被|这)|\beveryone\b"),
    # a way around it
    Sound("around",    0.1, r"只好|只能|绕|才行|才好|才成|就好|就行|就可以|就对|又好|又可以|直接.{1,8}(好|行)|断开|\bworkaround\b"),
    # the same thing works elsewhere
    Sound("elsewhere", 0.1, r"(别的|其他|其它|别家|别人|同事|电脑上|电脑端|网页上|网站上|英文|短信|手机上)"
                            r".{0,12}(正常|好的|对的|都有|能看|没事|都来|收得到|就来|有)"),
    # it used to work
    Sound("before",    0.1, r"以前|之前|原来能|过年前|上周|上个?月|昨天还|一直都|原先|\bused to\b"),
    Sound("question",  0.0, r"[？?]|吗|呢$"),
    Sound("anger",     0.0, r"要求|投诉|赔|道歉|说法|骂|发火|急"),
)
# fmt: on
_PATTERNS = tuple((f"sounds_{sound.name}", re.compile(sound.pattern)) for sound in SOUNDS)


@lru_cache(maxsize=512)
def sounds(text: str) -> Mapping[str, float]:
    folded = fold(text[:_LONGEST])
    return {name: float(pattern.search(folded) is not None) for name, pattern in _PATTERNS}
