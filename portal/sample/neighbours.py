"""A neighbouring desk whose packs are trusted, and what the sample company calls things.

The key is a real one whose private half was thrown away: no pack can ever be signed with it.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from portal.finder.synonyms import words
from portal.packs import senders, signing
from portal.people.models import Person

NEIGHBOUR = "海陵省公司服务台（示例）"
PUBLIC_KEY = "V8EDuIC7ucG0VV4fzjR/yocaCCLMTIfyvzmDb4JoVpo="
GROUPS = (
    ("营销系统", "营销2.0", "电费系统"),
    ("掌机", "现场作业终端", "手持终端"),
    ("小红条", "超期提醒", "逾期提示"),
)


def acquaint(session: Session, *, editor: Person, admin: Person) -> None:
    """Trust the neighbour, and write down a few expressions."""
    public = signing.key_from(PUBLIC_KEY)
    senders.trust(session, public, name=NEIGHBOUR, typed=signing.fingerprint(public), by=admin)
    for group in GROUPS:
        words.add(session, group, by=editor)
