"""What people write about themselves and others, taken out before their words teach the index.

Numbers that name a person or a contract, addresses, passwords and names are replaced; error codes,
versions and system names stay, because they are what a problem is found by. Pure functions. The
invariant: masking what is masked changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection

GAP = "…"
_LABELS = (
    "身份证号码?|身份证|手机号码?|手机|联系电话|电话|座机|邮箱|工号|员工号|人员编码|登录名|用户名|账号名?|帐号名?|"
    "户号|用户编号|客户编号|银行卡号?|卡号|密码|口令|验证码|联系人|姓名|经办人"
)
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_TITLES = "先生|女士|小姐|老师|师傅|经理|主任|科长|处长|部长|主管|班长|所长|局长"
#: Aligned: what it is, how it is found, what stays.
_RULES = (
    # an address of mail or on the web keeps its host: which system it is about
    (re.compile(r"[A-Za-z0-9._%+-]+@(?=[A-Za-z0-9-]+\.)"), GAP + "@"),
    (re.compile(r"(?<=://)([\w.:-]+)[/?#][!-~]*", re.ASCII), r"\1"),
    # telephone numbers with joints
    (re.compile(r"(?<!\d)0\d{2,3}[-— ]\d{7,8}(?!\d)"), GAP),
    (re.compile(r"(?<!\d)1[3-9]\d[- ]\d{4}[- ]\d{4}(?!\d)"), GAP),
    # 账号：zhang3 · 密码是 Abc@123 · 身份证号 4401…
    (re.compile(rf"({_LABELS})(\s*(?:[:：=]|是|为)\s*)(?!…)[^\s，。；、,;（）()]{{2,40}}"), rf"\1\2{GAP}"),
    (re.compile(rf"({_LABELS})\s*[A-Za-z]*\d[A-Za-z0-9]{{3,39}}"), rf"\1{GAP}"),
    # every long number: people, cards, contracts, reference numbers
    (re.compile(r"(?<![0-9A-Za-z])(?!0[xX])[A-Za-z]{0,3}-?\d{9,}[Xx]?(?![0-9A-Za-z])"), GAP),
    (re.compile(r"(?<![0-9A-Za-z])[A-Z]{2}\d{4,}(?:-\d+)+(?![0-9A-Za-z])"), GAP),
    # 张经理 · 李小红老师 · 我叫王五
    (re.compile(rf"[{SURNAMES}][\u4e00-\u9fff]{{0,2}}(?={_TITLES})"), GAP),
    (re.compile(rf"(我叫|我是|本人)[{SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=[，。、,.\s]|$)"), rf"\1{GAP}"),
)


def masked(text: str, *, names: Collection[str] = ()) -> str:
    """The same words without what tells who somebody is; ``names`` are people known to be concerned."""
    for name in sorted(names, key=len, reverse=True):
        if len(name.strip()) > 1:
            text = text.replace(name.strip(), GAP)
    for pattern, left in _RULES:
        text = pattern.sub(left, text)
    return text
