"""What the staff's page of one ticket shows: the ticket whole, the open moves, the form of one of them.

Reading only; the deeds stand in ``ticket_pages``. Other pages of the staff may show the same ticket by
including ``tickets/_ticket.html`` with what ``shown`` returns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import abort, current_app, request
from sqlalchemy import select
from sqlalchemy.orm import joinedload, lazyload, selectinload

from defects.models import Defect
from indexer.document import Reason, ReasonKind
from kb.flow import Refused
from kb.models import Article
from kb.queries import article_by_number, is_readable
from portal.catalogue.queries import systems_by_code
from portal.finder.found import Result
from portal.people.models import Person
from portal.people.queries import viewer_of
from portal.people.roles import Permission
from portal.tickets import desk, queries
from portal.tickets.conditions import sentence_values
from portal.tickets.flow import BETWEEN_TICKETS, closed_to, open_to
from portal.tickets.linking import answered_none
from portal.tickets.models import Comment, DefectLink, LinkVerdict, Ticket, TrailEntry
from portal.tickets.rail import rail_of
from portal.tickets.relations.panel import relations_of, words_of_duplicates
from portal.tickets.returns import returns_of, ways_of
from portal.tickets.visibility import permissions_on, serves
from portal.tickets.words import Action
from portal.web.files import shown_of
from portal.web.information import Shown, information_of
from portal.web.refusals import sentence_of
from portal.web.remarks import amendable
from portal.web.request import db, me, parts
from portal.web.ticket_moves import (
    LOOKS,
    PLAIN,
    Button,
    MoveForm,
    buttons_of,
    offer_people,
    offer_rulings,
    starting_text,
)

#: Moves whose note is said to the user, or by the user: they belong to the conversation.
SAID = (Action.ASK, Action.SUPPLY, Action.ANSWER, Action.TELL, Action.REOPEN)
#: Moves that say in whose hands it lies; why one is not open the page shows anyway.
HANDS = (Action.TAKE, Action.RELEASE, Action.REASSIGN, Action.HAND_OVER)
#: Moves whose note the next one may want to take over.
QUOTED = (Action.REPLY, Action.PASS, Action.FINISH, Action.LOCAL_DONE, Action.DEPLOYED, Action.PARK)
ANSWERS = 5


@dataclass(frozen=True, slots=True)
class Panel:
    """The form of one open move."""

    button: Button
    form: MoveForm
    article: Article | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What somebody typed and could not send any more."""

    sentence: str
    words: str = ""
    comment: bool = False
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance of the conversation, a comment or the note of a move."""

    at: datetime
    by: Person | None
    text: str
    action: Action | None = None
    internal: bool = False
    comment: Comment | None = None


def served_ticket(number: str) -> Ticket:
    """A ticket that my posts serve, with all that its page shows; any other one isn't there."""
    wanted = select(Ticket).where(Ticket.number == number).options(*WHOLE)
    ticket = db().scalars(wanted.execution_options(populate_existing=True)).first()
    if ticket is None or not serves(me(), ticket):
        abort(404)
    return ticket


def _named(attribute: Any) -> Any:
    return joinedload(attribute).options(lazyload(Person.posts), lazyload(Person.unit))


WHOLE = (
    joinedload(Ticket.holder).lazyload(Person.posts),
    joinedload(Ticket.requester).options(lazyload(Person.posts)),
    joinedload(Ticket.filed_by).options(lazyload(Person.posts)),
    selectinload(Ticket.trail).options(_named(TrailEntry.by)),
    selectinload(Ticket.comments).options(_named(Comment.by)),
    selectinload(Ticket.attachments),
    selectinload(Ticket.defect_links),
    selectinload(Ticket.article_links),
)


def shown(
    ticket: Ticket,
    *,
    panel: Panel | None = None,
    kept: Kept | None = None,
    information: Shown | None = None,
) -> dict[str, Any]:
    """Everything that ``tickets/_ticket.html`` draws; other pages of the staff may include it, too."""
    at, by = desk.situation_of(ticket), desk.actor_of(me(), ticket)
    return {
        "rail": rail_of(ticket, ticket.trail),
        "clock": desk.clock_of(db(), ticket),
        "module": module_of(ticket),
        "information": information or information_of(ticket),
        "buttons": buttons_of(open_to(at, by)),
        "closed": _not_now(ticket),
        **for_panel(ticket, panel),
        "kept": kept,
        "relations": relations_of(db(), me(), ticket),
        "merged_words": words_of_duplicates(db(), me(), ticket),
        "returns": returns_of(ticket),
        "return_ways": ways_of(returns_of(ticket)),
        "conversation": _conversation(ticket),
        "amendable": amendable(ticket.comments),
        "participants": _participants(ticket),
        "attachments": shown_of(ticket),
        "others": queries.other_tickets(db(), me(), ticket),
        "urgings": ticket.urges,
        "may_link": Permission.LINK_DEFECTS in permissions_on(me(), ticket),
        **_candidates(ticket),
        "judged": {link.defect_id: link for link in ticket.defect_links if _stands(link)},
        "rejected": _rejected(ticket),
        "defect_page": "defect_pages.record" if "defect_pages.record" in current_app.view_functions else "",
    }


def _not_now(ticket: Ticket) -> list[tuple[list[Action], str]]:
    """What would be mine to do, by the sentence why not now; who holds it speaks for itself."""
    at, by = desk.situation_of(ticket), desk.actor_of(me(), ticket)
    reasons: dict[str, list[Action]] = {}
    for step, reason in closed_to(at, by):
        speaks_for_itself = step.action in HANDS and not (step.action == Action.TAKE and not ticket.holder_id)
        if not speaks_for_itself and step.action not in BETWEEN_TICKETS:
            sentence = sentence_of(Refused(reason, **sentence_values(at)))
            reasons.setdefault(sentence, []).append(step.action)
    return [(actions, sentence) for sentence, actions in reasons.items()]


def _participants(ticket: Ticket) -> list[str]:
    """Whom a comment may call by name, of those whom the page has loaded anyway."""
    rows: list[Comment | TrailEntry] = [*ticket.trail, *ticket.comments]
    people = [ticket.requester, ticket.holder, *(row.by for row in rows)]
    return sorted({person.name for person in people if person is not None and person.id != me().id})


def _conversation(ticket: Ticket) -> list[Said]:
    comments = [Said(row.at, row.by, row.text, internal=row.internal, comment=row) for row in ticket.comments]
    moves = [
        Said(row.at, row.by, row.note, action=row.action)
        for row in ticket.trail
        if row.action in SAID and row.note
    ]
    return sorted([*comments, *moves], key=lambda said: said.at)


def _candidates(ticket: Ticket) -> dict[str, Any]:
    """The likely records, and what "none of these" would rule out or has."""
    found = _likely(ticket)
    said = any(link.is_live and not link.is_automatic for link in ticket.defect_links)
    return {
        "defects": found,
        "systems": systems_by_code(db()) if found else {},
        "ruling_out": () if said else found,
        "none_stands": bool(answered_none(ticket)),
    }


def _likely(ticket: Ticket) -> tuple[Result, ...]:
    if not me().may(Permission.READ_STAFF_TEXTS):
        return ()
    found = parts().finder.likely_defects(db(), me(), ticket)
    return tuple(replace(row, why=tuple(_spoken(reason, ticket) for reason in row.why)) for row in found)


def _spoken(reason: Reason, ticket: Ticket) -> Reason:
    """The module by its name, as people know it."""
    return replace(reason, text=module_of(ticket)) if reason.kind == ReasonKind.SAME_MODULE else reason


def module_of(ticket: Ticket) -> str:
    """The name of the ticket's module, its code when the catalogue no longer has it."""
    known = {module.code: module.name for module in ticket.system.modules}
    return known.get(ticket.module or "", ticket.module or "")


def _stands(link: DefectLink) -> bool:
    return link.verdict != LinkVerdict.UNDONE


def _rejected(ticket: Ticket) -> list[Defect]:
    latest = {link.defect_id: link for link in ticket.defect_links if _stands(link)}
    return [link.defect for link in latest.values() if link.verdict == LinkVerdict.REJECTED]


def opened(ticket: Ticket, action: Action, form: MoveForm) -> Panel | None:
    """The panel of a move that is open to me now."""
    steps = open_to(desk.situation_of(ticket), desk.actor_of(me(), ticket))
    step = next((row for row in steps if row.action == action), None)
    if step is None:
        return None
    if action in (Action.RULE, Action.CLASSIFY):
        offer_rulings(form, ticket)
    if action in (Action.REASSIGN, Action.HAND_OVER):
        people = queries.successors(db(), ticket)
        offer_people(form, people, queries.load_of(db(), people))
    article = answering(ticket, request.values.get("article"))
    if form.note.data is None:
        form.note.data = starting_text(article) if article else _start_of(ticket, action)
    return Panel(Button(step, LOOKS.get(action, PLAIN)), form, article)


def _start_of(ticket: Ticket, action: Action) -> str:
    """Words to begin with where the desk knows them already."""
    if action == Action.PARK and ticket.defect is not None:
        return ticket.defect.workaround
    if action == Action.TELL and (last := _quotes(ticket)) and last[-1].action == Action.REPLY:
        return last[-1].note
    return ""


def _quotes(ticket: Ticket) -> list[TrailEntry]:
    """What the tiers behind have written for this step, the latest last."""
    return [entry for entry in ticket.trail if entry.action in QUOTED and entry.note][-2:]


def answering(ticket: Ticket, number: str | None) -> Article | None:
    """An article that the ticket's user may be answered with: one that they may read themselves."""
    article = article_by_number(db(), number) if number else None
    return article if article is not None and _for_user(article, ticket) else None


def _for_user(article: Article, ticket: Ticket) -> bool:
    return is_readable(article, viewer_of(ticket.requester))


def for_panel(ticket: Ticket, panel: Panel | None) -> dict[str, Any]:
    """Everything that ``tickets/_panel.html`` draws."""
    quotes, answers = (_quotes(ticket), _answers(ticket, panel)) if panel else ([], None)
    return {"ticket": ticket, "panel": panel, "quotes": quotes, "answers": answers}


def _answers(ticket: Ticket, panel: Panel) -> dict[str, Any] | None:
    return articles_for(ticket, ticket.title) if panel.button.look.answers else None


def articles_for(ticket: Ticket, text: str) -> dict[str, Any]:
    """Articles about this text that the ticket's user may read, each with the words to start from."""
    near = {"system": ticket.system.code, "category": ticket.category}
    found = parts().finder.search(
        db(), me(), text, kinds=("article",), near=near, limit=3 * ANSWERS, unit=ticket.unit
    )
    fitting = [
        (row, row.subject)
        for row in found.results
        if isinstance(row.subject, Article) and _for_user(row.subject, ticket)
    ][:ANSWERS]
    texts = {row.id: starting_text(article) for row, article in fitting}
    return {"mode": found.mode, "results": [row for row, _article in fitting], "text": texts}
