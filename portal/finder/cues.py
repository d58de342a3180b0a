"""Words that are typical of a request category, whatever the request is about: a table.

One line, one way of saying it; several lines may speak for one category. Patterns read folded text and
every repetition in them is bounded, so that no text takes long.
"""

from __future__ import annotations

import re

from portal.tickets.words import Category

# fmt: off
CUES: tuple[tuple[Category, str], ...] = (
    (Category.ACCOUNT,      r"密码|解锁|被锁|锁(了|住|定)|账号|工号"),
    (Category.ACCOUNT,      r"(开通?|申请|增加|加|调整|没有?|收回|取消|授)(一下|个)?.{0,6}权限"),
    (Category.ACCOUNT,      r"权限(不够|没有|不足)|reset .{0,12}password|unlock|account"),
    (Category.COMPLAINT,    r"投诉|态度|推诿|敷衍|没人(管|理)|挂(我)?电话|什么服务|complain"),
    (Category.RESOURCE,     r"申请.{0,8}(台|套|块|个g|空间|服务器|存储|虚拟机|电脑|端口|软件|授权|许可)"),
    (Category.RESOURCE,     r"(缺|要|配|借|换)[一两几\d]{1,3}[台套块个].{0,6}(电脑|显示器|硬盘|打印机|终端)"),
    (Category.RESOURCE,     r"领用|扩容"),
    (Category.CHANGE,       r"希望|建议|要是能|最好(能|有)|能否|能不能(加|改|支持|自动)|可否|新需求"),
    (Category.CHANGE,       r"加(一)?个.{0,10}(功能|按钮|字段|提醒)"),
    (Category.DATA,         r"(录|填|选|写|输|建|传|报)(错|反|重|漏)|补录|重复(数据|记录|录入)"),
    (Category.DATA,         r"(后台|帮(忙|我)).{0,6}(改|删)|要一份"),
    (Category.DATA,         r"(修改|更正|删除|导出?|提取|提供|统计).{0,10}(数据|记录|信息|清单|明细|名单)"),
    (Category.FAULT,        r"(全|整)(省|市|局|县|公司|部门|楼|办公室|科室)(的人)?(都|全)|大面积|瘫痪|全都"),
    (Category.FAULT,        r"(所有|全部|大家|我们).{0,6}都.{0,4}(打不开|登不上|用不了|进不去|不行)"),
    (Category.FAULT,        r"502|503|服务不可用"),
    (Category.CONSULTATION, r"怎么(办|弄|做|申请|查|看|下载|操作|设置|填|导|打印|走|算|处理)|如何|在哪"),
    (Category.CONSULTATION, r"是不是要|需要(什么|哪些)|什么时候能|进度|到哪(了|一步)|有没有规定|标准是"),
    (Category.CONSULTATION, r"how (do|can|to)"),
)
# fmt: on


def cued(folded: str) -> frozenset[Category]:
    """The categories whose words stand in this text."""
    return frozenset(category for category, pattern in CUES if re.search(pattern, folded))
