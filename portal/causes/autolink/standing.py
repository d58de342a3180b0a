"""How precise the system's links are by what people made of them, and whether that still keeps the promise.

Counted are the newest links of one model since it was last let go on. People contradict a wrong link sooner
than they confirm a right one, so a link of the last days that nobody has looked at yet counts in the model's
favour before anything is stopped. The invariant: what is shown as precision holds only links that people
have looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from indexer.confidence import wilson_lower
from kb.columns import now
from portal.causes.autolink.fates import Fate, Made, made
from portal.causes.autolink.models import LinkDecision, LinkPause

#: So many of the newest links: an old run of luck must not hide a fall.
WINDOW = 200
#: Younger than this nobody may have come to it yet.
YOUNG = timedelta(days=7)
#: What is shown is an interval of 95 % to either side …
SHOWN_SURETY = 1.645
#: … and stopping asks for 99.9 %, because it is asked again with every look: exactly as precise as promised,
#: a model is stopped by chance in 5 of 100 runs of 500 links; right in 85 of 100, it is after some 35 looks,
#: right in half of them, after 5.
STOP_SURETY = 3.09
#: One or two slips are no evidence, whatever they are divided by.
LEAST_WRONG = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """The system's links of one model, as people left them."""

    model: str = ""
    looked_at: int = 0
    right: int = 0
    unseen: int = 0
    """Nobody has looked at them yet …"""
    young: int = 0
    """… and at so many of these nobody may have come yet."""

    @property
    def wrong(self) -> int:
        return self.looked_at - self.right

    @property
    def links(self) -> int:
        return self.looked_at + self.unseen

    @property
    def precision(self) -> float | None:
        return self.right / self.looked_at if self.looked_at else None

    @property
    def lower(self) -> float:
        return wilson_lower(self.right, self.looked_at, surety=SHOWN_SURETY)

    @property
    def upper(self) -> float:
        return 1.0 - wilson_lower(self.wrong, self.looked_at, surety=SHOWN_SURETY)

    @property
    def at_best(self) -> float:
        """The most that is still believable if every young link turns out right."""
        return 1.0 - wilson_lower(self.wrong, self.looked_at + self.young, surety=STOP_SURETY)

    def breaks(self, wanted: float) -> bool:
        """Is the promise surely broken?"""
        return self.wrong >= LEAST_WRONG and self.at_best < wanted


def standing(session: Session, model: str = "") -> Standing:
    """Of this model's links; of the one that linked last where none is named."""
    model = model or latest_model(session)
    if not model:
        return Standing()
    newest = select(LinkDecision).where(LinkDecision.model == model).order_by(LinkDecision.id.desc())
    since = _let_go_on(session, model)
    if since is not None:
        newest = newest.where(LinkDecision.at > since)
    return counted(model, made(session, newest.limit(WINDOW)), moment=now(session))


def counted(model: str, links: Sequence[Made], *, moment: datetime) -> Standing:
    """Pure: these links, weighed at this moment."""
    unseen = [one for one in links if one.fate is Fate.STANDING]
    return Standing(
        model,
        looked_at=len(links) - len(unseen),
        right=sum(one.fate is Fate.CONFIRMED for one in links),
        unseen=len(unseen),
        young=sum(moment - one.decision.at < YOUNG for one in unseen),
    )


def latest_model(session: Session) -> str:
    """The model that made the newest link."""
    newest = select(LinkDecision.model).where(LinkDecision.link_id.is_not(None))
    return session.scalar(newest.order_by(LinkDecision.id.desc()).limit(1)) or ""


def _let_go_on(session: Session, model: str) -> datetime | None:
    """When a person last let it go on: what was before that is known and forgiven."""
    return session.scalar(select(func.max(LinkPause.ended_at)).where(LinkPause.model.in_((model, ""))))
