"""What goes in and out of the API, as marshmallow schemas, a module per subject.

Here is only the list of names, so that a view writes ``schemas.TicketOut``; each is declared in its subject.
"""

from portal.api.schemas.articles import (
    ArticleChangeIn,
    ArticleIn,
    ArticleMoveIn,
    ArticleOut,
    ArticlesIn,
    RevisionOut,
    StandingOut,
    ToCheckIn,
    ToCheckOut,
)
from portal.api.schemas.catalogue import ModuleOut, ServiceOut, SystemOut, UnitOut
from portal.api.schemas.defects import DefectIn, DefectMoveIn, DefectOut, DefectPublicOut, DefectsIn
from portal.api.schemas.faults import AnnouncementOut, AnnouncementWholeOut, FaultOut, FaultWholeOut
from portal.api.schemas.finding import (
    CalibrationOut,
    CompletionOut,
    FoundOut,
    OutcomeIn,
    ReasonOut,
    SearchIn,
    SearchOut,
    SuggestIn,
    SuggestionsOut,
    TypeaheadIn,
    TypeaheadOut,
)
from portal.api.schemas.lists import Page, choice, listed
from portal.api.schemas.people import MeOut, PersonOut
from portal.api.schemas.tickets import (
    AttachmentOut,
    CommentIn,
    CommentOut,
    LinkIn,
    MoveIn,
    StepOut,
    TicketIn,
    TicketOut,
    TicketsIn,
    TrailOut,
    UrgeIn,
)

__all__ = [
    "AnnouncementOut",
    "AnnouncementWholeOut",
    "ArticleChangeIn",
    "ArticleIn",
    "ArticleMoveIn",
    "ArticleOut",
    "ArticlesIn",
    "AttachmentOut",
    "CalibrationOut",
    "CommentIn",
    "CommentOut",
    "CompletionOut",
    "DefectIn",
    "DefectMoveIn",
    "DefectOut",
    "DefectPublicOut",
    "DefectsIn",
    "FaultOut",
    "FaultWholeOut",
    "FoundOut",
    "LinkIn",
    "MeOut",
    "ModuleOut",
    "MoveIn",
    "OutcomeIn",
    "Page",
    "PersonOut",
    "ReasonOut",
    "RevisionOut",
    "SearchIn",
    "SearchOut",
    "ServiceOut",
    "StandingOut",
    "StepOut",
    "SuggestIn",
    "SuggestionsOut",
    "SystemOut",
    "TicketIn",
    "TicketOut",
    "TicketsIn",
    "ToCheckIn",
    "ToCheckOut",
    "TrailOut",
    "TypeaheadIn",
    "TypeaheadOut",
    "UnitOut",
    "UrgeIn",
    "choice",
    "listed",
]
