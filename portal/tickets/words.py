"""The closed sets of a ticket's life and their names in the desk's words. Pure."""

from __future__ import annotations

from enum import StrEnum

from indexer.words import N_


class Tier(StrEnum):
    """Who has the ticket on the table: its own column, not part of the state."""

    FRONT = "front"
    LOCAL = "local"
    MIDDLE = "middle"
    DISPATCH = "dispatch"
    BACK = "back"
    USER = "user"


class State(StrEnum):
    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    PARKED = "parked"
    VERIFYING = "verifying"
    FEEDBACK = "feedback"
    CONFIRMING = "confirming"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Action(StrEnum):
    FILE = "file"
    TAKE = "take"
    RELEASE = "release"
    REASSIGN = "reassign"
    HAND_OVER = "hand_over"
    ASK = "ask"
    SUPPLY = "supply"
    CLASSIFY = "classify"
    INFORM = "inform"
    ANSWER = "answer"
    TO_LOCAL = "to_local"
    LOCAL_DONE = "local_done"
    ESCALATE = "escalate"
    RULE = "rule"
    REPLY = "reply"
    TO_BACK = "to_back"
    TO_FRONT = "to_front"
    PARK = "park"
    UNPARK = "unpark"
    DEPLOYED = "deployed"
    SUBMIT_FAULT = "submit_fault"
    NOT_A_FAULT = "not_a_fault"
    COMMAND = "command"
    FINISH = "finish"
    TO_MIDDLE = "to_middle"
    PASS = "pass"  # noqa: S105 - the verification's verdict, no secret
    FAIL = "fail"
    TELL = "tell"
    CONFIRM = "confirm"
    REOPEN = "reopen"
    CANCEL = "cancel"
    AMEND = "amend"
    RETRACT = "retract"
    MERGE = "merge"
    UNMERGE = "unmerge"
    ABSORB = "absorb"
    LET_GO = "let_go"
    ATTACH = "attach"
    DETACH = "detach"
    AUTO_LINK = "auto_link"
    AUTO_KEPT = "auto_kept"
    AUTO_UNDONE = "auto_undone"


class Category(StrEnum):
    CONSULTATION = "consultation"
    DEFECT = "defect"
    FAULT = "fault"
    ACCOUNT = "account"
    DATA = "data"
    CHANGE = "change"
    COMPLAINT = "complaint"
    RESOURCE = "resource"


class Channel(StrEnum):
    WEB = "web"
    APP = "app"
    MINI = "mini"
    HOTLINE = "hotline"
    API = "api"


TIER_LABELS = {
    Tier.FRONT: N_("前台"),
    Tier.LOCAL: N_("二线/本地"),
    Tier.MIDDLE: N_("中台"),
    Tier.DISPATCH: N_("运调中心"),
    Tier.BACK: N_("后台"),
    Tier.USER: N_("用户"),
}
STATE_LABELS = {
    State.NEW: N_("待受理"),
    State.OPEN: N_("处理中"),
    State.WAITING: N_("待用户补充"),
    State.PARKED: N_("挂起等修复"),
    State.VERIFYING: N_("验证中"),
    State.FEEDBACK: N_("待反馈"),
    State.CONFIRMING: N_("待用户确认"),
    State.CLOSED: N_("已办结"),
    State.CANCELLED: N_("已撤销"),
    State.MERGED: N_("已并单"),
}
ACTION_LABELS = {
    Action.FILE: N_("提交"),
    Action.TAKE: N_("受理"),
    Action.RELEASE: N_("放回队列"),
    Action.REASSIGN: N_("改派"),
    Action.HAND_OVER: N_("转交同事"),
    Action.ASK: N_("请用户补充"),
    Action.SUPPLY: N_("补充信息"),
    Action.CLASSIFY: N_("初判定类"),
    Action.INFORM: N_("完善信息"),
    Action.ANSWER: N_("答复用户"),
    Action.TO_LOCAL: N_("转二线/本地"),
    Action.LOCAL_DONE: N_("现场处理完成"),
    Action.ESCALATE: N_("升级中台"),
    Action.RULE: N_("研判定类"),
    Action.REPLY: N_("中台答复"),
    Action.TO_BACK: N_("转后台处置"),
    Action.TO_FRONT: N_("退回前台"),
    Action.PARK: N_("挂起到缺陷"),
    Action.UNPARK: N_("解除挂起"),
    Action.DEPLOYED: N_("修复已部署"),
    Action.SUBMIT_FAULT: N_("提交运调"),
    Action.NOT_A_FAULT: N_("判定不是故障"),
    Action.COMMAND: N_("判定故障并指挥后台"),
    Action.FINISH: N_("处置完成"),
    Action.TO_MIDDLE: N_("退回中台"),
    Action.PASS: N_("验证通过"),
    Action.FAIL: N_("验证不通过"),
    Action.TELL: N_("反馈用户"),
    Action.CONFIRM: N_("确认解决"),
    Action.REOPEN: N_("没解决，重新打开"),
    Action.CANCEL: N_("撤销"),
    Action.AMEND: N_("修改留言"),
    Action.RETRACT: N_("撤回留言或附件"),
    Action.MERGE: N_("并单"),
    Action.UNMERGE: N_("撤销并单"),
    Action.ABSORB: N_("接收并单"),
    Action.LET_GO: N_("移出并单"),
    Action.ATTACH: N_("建立协同"),
    Action.DETACH: N_("解除协同"),
    Action.AUTO_LINK: N_("系统自动关联"),
    Action.AUTO_KEPT: N_("确认系统的关联"),
    Action.AUTO_UNDONE: N_("撤销系统的关联"),
}
CATEGORY_LABELS = {
    Category.CONSULTATION: N_("咨询"),
    Category.DEFECT: N_("缺陷"),
    Category.FAULT: N_("故障"),
    Category.ACCOUNT: N_("账号权限"),
    Category.DATA: N_("数据处理"),
    Category.CHANGE: N_("功能变更"),
    Category.COMPLAINT: N_("服务投诉"),
    Category.RESOURCE: N_("资源请求"),
}
#: The eight plain doors of the home page, in the employee's words.
CATEGORY_DOORS = {
    Category.CONSULTATION: N_("不会用、想问问"),
    Category.DEFECT: N_("系统出错、不好使"),
    Category.FAULT: N_("系统打不开了"),
    Category.ACCOUNT: N_("账号、密码、权限"),
    Category.DATA: N_("改数据、要数据"),
    Category.CHANGE: N_("想加功能、改功能"),
    Category.COMPLAINT: N_("对服务不满意"),
    Category.RESOURCE: N_("申请设备和资源"),
}
SUB_LABELS: dict[Category, dict[str, str]] = {
    Category.CONSULTATION: {"how_to": N_("操作咨询"), "policy": N_("政策制度"), "progress": N_("进度查询")},
    Category.DEFECT: {
        "plugin": N_("终端插件"),
        "function": N_("系统功能"),
        "performance": N_("系统性能"),
        "data": N_("数据"),
    },
    Category.FAULT: {"unavailable": N_("应用不可用")},
    Category.ACCOUNT: {
        "unlock": N_("禁用/解锁"),
        "password": N_("密码重置"),
        "permission": N_("账号或权限注册/变更/注销"),
    },
    Category.DATA: {
        "modify": N_("数据修改"),
        "delete": N_("数据删除"),
        "supplement": N_("数据补录"),
        "statistics": N_("统计分析"),
        "supply": N_("数据供给"),
    },
    Category.CHANGE: {
        "new": N_("新需求"),
        "alter": N_("现有功能变更"),
        "nonfunctional": N_("非功能/性能需求"),
    },
    Category.COMPLAINT: {"service": N_("对服务"), "system": N_("对系统")},
    Category.RESOURCE: {
        "server": N_("服务器"),
        "storage": N_("存储"),
        "network": N_("网络"),
        "software": N_("软件"),
        "device": N_("设备"),
    },
}
CHANNEL_LABELS = {
    Channel.WEB: N_("网页"),
    Channel.APP: N_("App"),
    Channel.MINI: N_("小程序"),
    Channel.HOTLINE: N_("热线"),
    Channel.API: N_("接口"),
}
PRIORITY_LABELS = {1: N_("特急"), 2: N_("紧急"), 3: N_("一般"), 4: N_("低")}
IMPACT_LABELS = {1: N_("整个单位"), 2: N_("一个部门"), 3: N_("我自己")}
URGENCY_LABELS = {1: N_("工作停了"), 2: N_("还能将就"), 3: N_("不着急")}


def priority_of(impact: int, urgency: int) -> int:
    """Impact × urgency, four levels: 1 is the highest (ITIL's usual matrix)."""
    return min(4, impact + urgency - 1)
