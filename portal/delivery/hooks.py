"""What a robot is told and how it is signed. Pure; the wire is in ``wire``.

What leaves the desk is the event, the ticket's number, its system, category and priority, and a link behind
the sign-in; nothing that somebody wrote. An administrator may add the title, never that of a complaint.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from indexer.words import N_
from portal.config import Settings
from portal.delivery.claims import Trouble
from portal.delivery.guard import Target, target_of
from portal.delivery.languages import Say
from portal.delivery.mail import one_line
from portal.delivery.models import Kind, Webhook
from portal.delivery.wire import Answer
from portal.tickets.notices import TABLE, Event
from portal.tickets.telling.models import Happening
from portal.tickets.words import CATEGORY_LABELS, Category

TITLE_LIMIT = 100
#: Marks that a robot's Markdown would read, replaced by their wide likenesses: no links, no mentions.
WIDE = str.maketrans("<>[]()*_`#@~|\\", "＜＞［］（）＊＿｀＃＠～｜＼")
#: Answers that ask to come again later.
LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Message:
    target: Target
    body: bytes
    headers: Mapping[str, str]


def message(
    hook: Webhook,
    happening: Happening | None,
    settings: Settings,
    *,
    say: Say,
    key: str,
    now: datetime,
) -> Message:
    """The signed request; without a happening it is a test. Raises ``Refused`` for a bad address."""
    facts = _facts(hook, happening, settings, say=say, now=now)
    match hook.kind:
        case Kind.WECOM:
            told: dict[str, object] = {
                "msgtype": "markdown",
                "markdown": {"content": _markdown(facts, say=say)},
            }
        case Kind.DINGTALK:
            text = {"title": facts["event_name"], "text": _markdown(facts, say=say)}
            told = {"msgtype": "markdown", "markdown": text}
        case Kind.GENERIC:
            told = {"version": 1, "delivery": key, **facts}
    body = json.dumps(told, ensure_ascii=False).encode()
    target = target_of(hook.url)
    if hook.kind == Kind.DINGTALK and hook.secret:
        target = _signed_address(target, hook.secret, now)
    return Message(target, body, _headers(hook, facts, body, key=key, now=now))


def _facts(
    hook: Webhook, happening: Happening | None, settings: Settings, *, say: Say, now: datetime
) -> dict[str, object]:
    if happening is None:
        return {"event": "test", "event_name": say(N_("测试消息")), "at": now.isoformat(timespec="seconds")}
    row, ticket = TABLE[Event(happening.event)], happening.ticket
    facts: dict[str, object] = {
        "event": happening.event,
        "event_name": say(row.name),
        "at": happening.at.astimezone(settings.zone).isoformat(timespec="seconds"),
    }
    if ticket is not None:
        facts |= {
            "ticket": ticket.number,
            "system": ticket.system.code,
            "system_name": ticket.system.name,
            "category": ticket.category.value,
            "category_name": say(CATEGORY_LABELS[ticket.category]),
            "priority": ticket.priority,
        }
    if ticket is not None and settings.base_url:
        facts["url"] = f"{settings.base_url}/tickets/{ticket.number}"
    if hook.with_title and (ticket is None or ticket.category != Category.COMPLAINT):
        facts["title"] = one_line(str(happening.values.get("title", "")))[:TITLE_LIMIT]
    return facts


def _markdown(facts: Mapping[str, object], *, say: Say) -> str:
    lines = [f"### {harmless(facts['event_name'])}"]
    for name, label in (
        ("ticket", N_("工单")),
        ("title", N_("标题")),
        ("system_name", N_("系统")),
        ("category_name", N_("类别")),
        ("priority", N_("优先级")),
    ):
        if facts.get(name):
            lines.append(f"> {say(label)}：{harmless(facts[name])}")
    if facts.get("url"):
        lines.append(f"[{say(N_('打开工单'))}]({facts['url']})")
    return "\n\n".join(lines)


def harmless(text: object) -> str:
    """A text in which a robot's Markdown finds nothing to do."""
    return one_line(str(text)).translate(WIDE)


def _headers(
    hook: Webhook, facts: Mapping[str, object], body: bytes, *, key: str, now: datetime
) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Tierdesk",
        "X-Tierdesk-Delivery": key,
        "X-Tierdesk-Event": str(facts["event"]),
    }
    if hook.kind == Kind.GENERIC:
        stamp = str(int(now.timestamp()))
        headers |= {
            "X-Tierdesk-Timestamp": stamp,
            "X-Tierdesk-Signature": signature(hook.secret, stamp, body),
        }
    return headers


def signature(secret: str, stamp: str, body: bytes) -> str:
    """``v1=`` and the HMAC-SHA256, in hexadecimal, of the timestamp, a dot and the body as sent."""
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def _signed_address(target: Target, secret: str, now: datetime) -> Target:
    # As DingTalk's robots demand it: milliseconds and the secret, signed with the secret, in the address.
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    sign = quote(base64.b64encode(digest).decode(), safe="")
    mark = "&" if "?" in target.path else "?"
    return replace(target, path=f"{target.path}{mark}timestamp={stamp}&sign={sign}")


def judged(kind: Kind, answer: Answer) -> Trouble | None:
    """None when the robot has taken it."""
    if 300 <= answer.status < 400:
        return Trouble(N_("对方要转到别的网址；我们不跟随，请填最终的网址。"))
    if not 200 <= answer.status < 300:
        final = 400 <= answer.status < 500 and answer.status not in LATER
        return Trouble(N_("对方回应 %(status)s。"), {"status": str(answer.status)}, final=final)
    return None if kind == Kind.GENERIC else _robot_said(answer.body)


def _robot_said(body: bytes) -> Trouble | None:
    """Robots answer 200 whatever happens; the truth is in ``errcode``."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or "errcode" not in said:
        return Trouble(N_("对方的回应不是群机器人的回应，请检查网址和种类。"))
    if said["errcode"] == 0:
        return None
    what = one_line(f"{said['errcode']} {said.get('errmsg', '')}")[:200]
    return Trouble(N_("机器人没有接受：%(what)s"), {"what": what})
