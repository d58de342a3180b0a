"""What a program sends, read as the pages read theirs: without the letter that no database text can hold.

The invariant: every route of the API is made by this ``Blueprint``, so that none reads its content otherwise.
"""

from __future__ import annotations

from typing import Any

import flask_smorest
from webargs.flaskparser import FlaskParser

from portal.web.letters import NUL


class Parser(FlaskParser):
    def load_json(self, req: Any, schema: Any) -> Any:
        return without_nul(super().load_json(req, schema))


class Blueprint(flask_smorest.Blueprint):
    ARGUMENTS_PARSER = Parser()


def without_nul(said: Any) -> Any:
    """The same content, however deep its texts lie."""
    if isinstance(said, str):
        return said.replace(NUL, "")
    if isinstance(said, list):
        return [without_nul(one) for one in said]
    if isinstance(said, dict):
        return {without_nul(name): without_nul(value) for name, value in said.items()}
    return said
