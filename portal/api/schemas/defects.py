"""Root-cause records: what everybody may know, and what staff know."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from defects.flow import DefectAction, DefectState
from defects.models import DefectType
from portal.api.schemas.lists import Page, choice


class DefectsIn(Page):
    system = fields.String(load_default="")
    state = choice(DefectState, load_default=None)
    q = fields.String(load_default="", metadata={"description": "words or error codes, anywhere in a record"})
    module = fields.String(load_default="")
    type = choice(DefectType, load_default=None)
    severity = fields.Integer(load_default=None, validate=validate.Range(1, 4))
    key = fields.Boolean(load_default=False)
    overdue = fields.Boolean(load_default=False)
    recurred = fields.Boolean(load_default=False)
    owner = fields.String(load_default="", metadata={"description": "a login, me or none"})


class DefectIn(Schema):
    title = fields.String(required=True)
    system = fields.String(required=True)
    module = fields.String(load_default=None, allow_none=True)
    type = choice(DefectType, load_default=DefectType.FUNCTION)
    severity = fields.Integer(load_default=3)
    key = fields.Boolean(load_default=False)
    due_on = fields.Date(load_default=None, allow_none=True)
    symptoms = fields.List(fields.String(), load_default=[])
    codes = fields.List(fields.String(), load_default=[])
    affected = fields.List(fields.String(), load_default=[])
    fixed_in = fields.String(load_default=None, allow_none=True)
    reproduce = fields.String(load_default="")
    cause = fields.String(load_default="")
    workaround = fields.String(load_default="")
    fix = fields.String(load_default="")
    data_fix = fields.String(load_default="")
    shown_to_users = fields.Boolean(load_default=True)

    owner_middle = fields.String(load_default="", metadata={"description": "login"})
    owner_back = fields.String(load_default="", metadata={"description": "login"})


class DefectChangeIn(DefectIn):
    """Everything a record says; what is left out is emptied, as in the form."""

    version = fields.Integer(required=True)
    reason = fields.String(load_default="")


class DefectPublicOut(Schema):
    """What everybody may know of a known defect."""

    number = fields.String()
    title = fields.String()
    system = fields.String()
    module = fields.String(allow_none=True)
    state = fields.String()
    symptoms = fields.List(fields.String())
    codes = fields.List(fields.String())
    workaround = fields.String()
    fixed_in = fields.String(allow_none=True)
    updated_at = fields.AwareDateTime()


class DefectOut(DefectPublicOut):
    type = fields.String()
    severity = fields.Integer()
    key = fields.Boolean()
    due_on = fields.Date(allow_none=True)
    affected = fields.List(fields.String())
    reproduce = fields.String()
    cause = fields.String()
    fix = fields.String()
    recurrences = fields.Integer()
    created_at = fields.AwareDateTime()
    version = fields.Integer()
    merged_into = fields.String(attribute="duplicate_of.number", dump_default=None, allow_none=True)


class DefectExpertOut(DefectOut):
    """With the data-fix recipe, for those who may read it."""

    data_fix = fields.String()


class DefectMoveIn(Schema):
    action = choice(DefectAction, required=True)
    note = fields.String(load_default="")
    into = fields.String(load_default=None, allow_none=True, metadata={"description": "QX number, to merge"})
    cause = fields.String(load_default="")
    fixed_in = fields.String(load_default="")
    evidence = fields.String(load_default="", metadata={"description": "to close a key problem"})
    version = fields.Integer(load_default=None, allow_none=True)


class DefectChangeOut(Schema):
    id = fields.Integer()
    at = fields.AwareDateTime()
    by = fields.String(allow_none=True)
    reason = fields.String()
    fields_ = fields.Dict(data_key="fields", metadata={"description": "field → [before, after]"})


class MeasureIn(Schema):
    what = fields.String(required=True)
    who = fields.String(required=True, metadata={"description": "login"})
    due_on = fields.Date(required=True)
    done_when = fields.String(required=True)


class MeasureOut(Schema):
    id = fields.Integer()
    what = fields.String()
    who = fields.String()
    due_on = fields.Date()
    done_when = fields.String()
    done_at = fields.AwareDateTime(allow_none=True)
    result = fields.String()
    dropped_at = fields.AwareDateTime(allow_none=True)
    dropped_why = fields.String()


class MeasureMoveIn(Schema):
    action = fields.String(required=True, validate=validate.OneOf(("finish", "drop", "take_back")))
    note = fields.String(load_default="", metadata={"description": "the result, or why it is dropped"})
