"""Type-ahead: the titles that what was typed may become, in a path of its own beside the search.

Nothing is ranked by words or meaning here. Invariant: the file of titles only proposes; the same mask that
guards every search decides, so that nobody is shown what their audience may not see, and an empty audience
sees nothing before anything is asked.
"""

from collections.abc import Sequence

import numpy as np

from indexer.columns import Columns, Mask, Places
from indexer.document import Key, Query
from indexer.generation import View
from indexer.letters import Typed, by_sound, typed

_TITLED = 1.5
_STARTS = 1.0
"""What standing in the title, and at its very start, is worth: in powers of e of popularity."""


def completions(view: View, query: Query) -> tuple[Key, ...]:
    """Documents whose title, other wordings, codes or sounds hold what was typed, the popular ones first."""
    asked = typed(query.text)
    if not asked.parts or (query.audience is not None and not query.audience):
        return ()
    mask = view.columns.mask(query)
    places = _allowed(view, asked.query(), mask)
    if not len(places):
        asked = by_sound(query.text)
        places = _allowed(view, asked.query(), mask)
    return _best(view, asked, places, limit=query.limit) if len(places) else ()


def _allowed(view: View, match: str, mask: Mask) -> Places:
    places = _places(view.columns, view.titles.numbers(match))
    kept: Places = places[mask[places]]
    return kept


def _places(columns: Columns, numbers: Sequence[int]) -> Places:
    places = columns.place_of_numbers(np.array(numbers, dtype=np.int64))
    known: Places = places[places >= 0]
    return known


def _best(view: View, asked: Typed, places: Places, *, limit: int) -> tuple[Key, ...]:
    worth = np.log1p(np.maximum(view.columns.popularity[places], 0.0))
    for query, gain in ((asked.titled_query(), _TITLED), (asked.starting_query(), _STARTS)):
        worth += gain * np.isin(places, _places(view.columns, view.titles.numbers(query)))
    order = np.lexsort((-places, -worth))[:limit]
    return tuple(view.columns.keys[place] for place in places[order])
