"""What a program sends, read as the pages read theirs: without letters that nobody sees.

The invariant: every route of the API is made by this ``Blueprint``, so that none reads its content otherwise.
"""

from __future__ import annotations

from typing import Any

import flask_smorest
from webargs.flaskparser import FlaskParser

from portal.web.letters import seen


class Parser(FlaskParser):
    def load_json(self, req: Any, schema: Any) -> Any:
        return only_seen(super().load_json(req, schema))


class Blueprint(flask_smorest.Blueprint):
    ARGUMENTS_PARSER = Parser()


def only_seen(said: Any) -> Any:
    """The same content, however deep its texts lie."""
    if isinstance(said, str):
        return seen(said)
    if isinstance(said, list):
        return [only_seen(one) for one in said]
    if isinstance(said, dict):
        return {only_seen(name): only_seen(value) for name, value in said.items()}
    return said
