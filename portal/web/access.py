"""Who may call which route: every view states its rule, one gate enforces it, menus ask the same gate.

A route without a stated rule stops the start. Whoever may not use a route gets 404, the same as for a
route that isn't there; somebody not signed in is sent to the sign-in page first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from flask import Flask

from portal.people.models import Person
from portal.people.roles import Permission

View = TypeVar("View", bound=Callable[..., Any])
ATTRIBUTE = "desk_access"


@dataclass(frozen=True, slots=True)
class Access:
    """``public``: no sign-in. ``any_of``: one of these permissions; empty means any signed-in person."""

    public: bool = False
    any_of: frozenset[Permission] = frozenset()

    def admits(self, person: Person | None) -> bool:
        if self.public:
            return True
        if person is None or not person.active:
            return False
        return not self.any_of or bool(self.any_of & person.permissions)


def everyone(view: View) -> View:
    """No sign-in needed."""
    return _stated(view, Access(public=True))


def signed_in(view: View) -> View:
    """Anybody with an account; what they see of it is the verb's business."""
    return _stated(view, Access())


def needs(*permissions: Permission) -> Callable[[View], View]:
    """Only people who hold at least one of these permissions."""
    rule = Access(any_of=frozenset(permissions))
    return lambda view: _stated(view, rule)


def _stated(view: View, rule: Access) -> View:
    setattr(view, ATTRIBUTE, rule)
    return view


def rule_of(app: Flask, endpoint: str, method: str = "GET") -> Access | None:
    """The stated rule of a route, for class-based views that of the method."""
    if endpoint == "static":  # Flask's own route: styles and scripts, for the sign-in page too
        return Access(public=True)
    view = app.view_functions.get(endpoint)
    stated = getattr(view, ATTRIBUTE, None)
    if stated is None and (view_class := getattr(view, "view_class", None)) is not None:
        name = "get" if method == "HEAD" else method.lower()
        stated = getattr(getattr(view_class, name, None), ATTRIBUTE, None)
        stated = stated or getattr(view_class, ATTRIBUTE, None)
    return cast("Access | None", stated)


def unstated(app: Flask) -> list[str]:
    """Routes that state no rule; must be empty."""
    return sorted(
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule_of(app, rule.endpoint, method) is None
    )
