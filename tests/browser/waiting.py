"""Waiting for what a page's own scripts make of it, where nothing that is seen tells.

Playwright's own ``wait_for_function`` evaluates a string in the page as soon as it has to ask twice, which
the content policy forbids; here each question is an evaluation of its own. The invariant: bounded, as
``expect`` is.
"""

from __future__ import annotations

from playwright.sync_api import Page

EVERY = 50
#: Milliseconds: how long a page may take before it counts as stuck, on a machine that does much else as well.
WAIT = 60_000


def comes_true(page: Page, expression: str, *, within: int = WAIT) -> bool:
    """Whether it does; ``within`` in milliseconds."""
    for _ in range(within // EVERY):
        if page.evaluate(expression):
            return True
        page.wait_for_timeout(EVERY)
    return bool(page.evaluate(expression))
