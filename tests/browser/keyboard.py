"""A person at the keys: pressed when the page hears them, from page to page without a mouse.

Invariant: no key is sent to a page whose scripts are not there yet; what a test expects to see comes first,
so that it is that page which is waited for. A part drawn anew hears keys as soon as it is seen.
"""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

#: So many things can have the focus before the one that is meant.
FAR = 80
HAS_FOCUS = "one => one === document.activeElement"
#: The letter after g is waited for as long as it takes: a busy machine may be slower than a person.
PATIENT = """
  const soon = window.setTimeout;
  window.setTimeout = (deed, wait, ...rest) => soon(deed, wait === 1200 ? 600000 : wait, ...rest);
"""


def patient(page: Page) -> Page:
    """This page loaded anew, and one that waits for the second of two keys."""
    page.add_init_script(PATIENT)
    page.reload()
    return page


def presses(page: Page, *keys: str) -> None:
    for key in keys:
        page.wait_for_load_state()
        page.keyboard.press(key)


def goes(page: Page, keys: str, path: str) -> None:
    """Press keys that lead to another page."""
    presses(page, *keys.split())
    expect(page).to_have_url(re.compile(f"{path}($|[?#])"))


def opens(page: Page, link: Locator, path: str) -> None:
    """Tab as far as the link, and Enter."""
    expect(link).to_be_visible()
    for _ in range(FAR):
        if link.evaluate(HAS_FOCUS):
            break
        presses(page, "Tab")
    expect(link).to_be_focused()
    goes(page, "Enter", path)
