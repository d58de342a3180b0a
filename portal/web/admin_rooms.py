"""Every page of administration under its one blueprint; each module adds its views to it when it is read."""

from __future__ import annotations

from portal.web import admin, admin_audit, admin_forms, admin_services, admin_systems
from portal.web.admin_units import blueprint

__all__ = ["admin", "admin_audit", "admin_forms", "admin_services", "admin_systems", "blueprint"]
