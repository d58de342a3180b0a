"""``N_``: marks a Chinese text for the message catalogue without translating it.

The layers below the web speak the desk's own language; whoever renders a page translates.
It lives here because the indexer is the one package that everybody may import.
"""


def N_(text: str) -> str:  # noqa: N802 - gettext's own name, known to every extractor
    """Return ``text`` unchanged; the extractor reads the call, not the value."""
    return text
