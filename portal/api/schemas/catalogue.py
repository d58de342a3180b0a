"""Units, systems, modules and services, as the API tells them."""

from __future__ import annotations

from marshmallow import Schema, fields


class UnitOut(Schema):
    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    kind = fields.String()
    path = fields.String()


class ModuleOut(Schema):
    code = fields.String()
    name = fields.String()


class SystemOut(Schema):
    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    group = fields.String()
    version = fields.String()
    modules = fields.List(fields.Nested(ModuleOut))


class ServiceOut(Schema):
    name = fields.String()
    name_en = fields.String()
    system = fields.String(allow_none=True)
    what = fields.String()
    self_service = fields.Boolean()
    how = fields.String()
    approver = fields.String()
    working_days = fields.Integer()
