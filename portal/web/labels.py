"""The name of everything closed, in the viewer's language: one look-up for pages, API and exports."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from flask_babel import get_locale, gettext
from markupsafe import Markup

from defects import flow as defect_flow
from defects import models as defect_models
from kb import audience, models
from kb import flow as article_flow
from portal.causes.bursts import models as burst_models
from portal.causes.teaching import picking
from portal.curation.drafts import models as draft_models
from portal.curation.gaps import flow as gap_flow
from portal.curation.gaps import lists as gap_lists
from portal.curation.gaps import models as gap_models
from portal.curation.gaps import shrinkage
from portal.delivery import models as delivery_models
from portal.faults import flow as fault_flow
from portal.finder import grounds, judgements
from portal.finder.lessons import models as lesson_models
from portal.packs import words as pack_words
from portal.people import roles
from portal.quality import words as quality_words
from portal.tickets import words
from portal.tickets.assignment import models as assignment
from portal.tickets.forms import fields
from portal.tickets.forms.fields import Names

LABELS: dict[type[StrEnum], Mapping[Any, str]] = {
    article_flow.ArticleState: article_flow.STATE_LABELS,
    article_flow.ArticleAction: article_flow.ACTION_LABELS,
    models.ArticleKind: models.KIND_LABELS,
    models.Confidence: models.CONFIDENCE_LABELS,
    models.Reason: models.REASON_LABELS,
    models.AtExpiry: models.AT_EXPIRY_LABELS,
    audience.Audience: audience.AUDIENCE_LABELS,
    judgements.Provenance: judgements.PROVENANCE_LABELS,
    lesson_models.RunKind: lesson_models.RUN_KIND_LABELS,
    lesson_models.RunState: lesson_models.RUN_STATE_LABELS,
    picking.Because: picking.BECAUSE_LABELS,
    gap_flow.GapState: gap_flow.GAP_STATE_LABELS,
    gap_flow.GapAction: gap_flow.GAP_ACTION_LABELS,
    gap_models.AskKind: gap_models.ASK_LABELS,
    gap_lists.Order: gap_lists.ORDER_LABELS,
    shrinkage.Verdict: shrinkage.VERDICT_LABELS,
    draft_models.Part: draft_models.PART_LABELS,
    draft_models.Said: draft_models.SAID_LABELS,
    defect_flow.DefectState: defect_flow.STATE_LABELS,
    defect_flow.DefectAction: defect_flow.ACTION_LABELS,
    defect_models.DefectType: defect_models.TYPE_LABELS,
    delivery_models.Kind: delivery_models.KIND_LABELS,
    delivery_models.Status: delivery_models.STATUS_LABELS,
    grounds.Ground: grounds.GROUND_LABELS,
    burst_models.Became: burst_models.BECAME_LABELS,
    fault_flow.FaultState: fault_flow.FAULT_STATE_LABELS,
    fault_flow.FaultAction: fault_flow.FAULT_ACTION_LABELS,
    fault_flow.AnnouncementKind: fault_flow.ANNOUNCEMENT_KIND_LABELS,
    fault_flow.AnnouncementState: fault_flow.ANNOUNCEMENT_STATE_LABELS,
    pack_words.Kind: pack_words.KIND_LABELS,
    pack_words.Standing: pack_words.STANDING_LABELS,
    pack_words.Choice: pack_words.CHOICE_LABELS,
    pack_words.Phase: pack_words.PHASE_LABELS,
    pack_words.Fate: pack_words.FATE_LABELS,
    quality_words.Kind: quality_words.KIND_LABELS,
    quality_words.Per: quality_words.PER_LABELS,
    quality_words.FollowUpState: quality_words.FOLLOW_UP_STATE_LABELS,
    quality_words.NextStep: quality_words.NEXT_STEP_LABELS,
    quality_words.InspectionState: quality_words.INSPECTION_STATE_LABELS,
    quality_words.Verdict: quality_words.VERDICT_LABELS,
    roles.Post: roles.POST_LABELS,
    words.Tier: words.TIER_LABELS,
    words.State: words.STATE_LABELS,
    words.Action: words.ACTION_LABELS,
    words.Category: words.CATEGORY_LABELS,
    words.Channel: words.CHANNEL_LABELS,
    fields.Kind: fields.KIND_LABELS,
    fields.Need: fields.NEED_LABELS,
    assignment.Reason: assignment.REASON_LABELS,
}


def label(value: object) -> str:
    """The name of an enum's member in the viewer's language; any other value as text."""
    if isinstance(value, StrEnum) and type(value) in LABELS:
        return gettext(LABELS[type(value)][value])
    return "" if value is None else str(value)


class Named(Protocol):
    """A person, a unit, a system or a data service: each may have an English name as well."""

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


def named(row: Named) -> str:
    """What somebody or something is called in the viewer's language, as far as it has such a name."""
    return row.name_en if row.name_en and str(get_locale()).startswith("en") else row.name


def sub_label(category: words.Category, sub: str) -> str:
    """The name of a sub-category."""
    return gettext(words.SUB_LABELS[category][sub]) if sub in words.SUB_LABELS[category] else ""


def options(kind: type[StrEnum]) -> list[tuple[str, str]]:
    """(value, name) of every member, for a select field."""
    return [(member.value, label(member)) for member in kind]


def translated(text: str, /, **values: object) -> str:
    """A sentence from below the web in the viewer's language, its values translated too."""
    if not text:
        return ""
    spoken = {name: _spoken(value) for name, value in values.items()}
    sentence = gettext(text)
    return sentence % spoken if spoken else sentence


def _spoken(value: object) -> object:
    if isinstance(value, Names):
        return value.english if str(get_locale()).startswith("en") else str(value)
    return gettext(value) if isinstance(value, str) and value else value


def marked(segments: list[tuple[str, bool]]) -> Markup:
    """Segments of a text to HTML with the matching ones in ``<mark>``."""
    parts = (
        Markup("<mark>{}</mark>").format(text) if hit else Markup("{}").format(text) for text, hit in segments
    )
    return Markup("").join(parts)
