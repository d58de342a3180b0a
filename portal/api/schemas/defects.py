"""Root-cause records: what everybody may know, and what staff know."""

from __future__ import annotations

from marshmallow import Schema, fields

from defects.flow import DefectAction, DefectState
from defects.models import DefectType
from portal.api.schemas.lists import Page, choice


class DefectsIn(Page):
    system = fields.String(load_default="")
    state = choice(DefectState, load_default=None)


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
    data_fix = fields.String()
    recurrences = fields.Integer()
    created_at = fields.AwareDateTime()
    version = fields.Integer()


class DefectMoveIn(Schema):
    action = choice(DefectAction, required=True)
    note = fields.String(load_default="")
    into = fields.String(load_default=None, allow_none=True, metadata={"description": "QX number, to merge"})
