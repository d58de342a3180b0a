"""Which documents are worth a look: asked for by the rarest terms whose postings stay within a budget.

What the proposed ones say is counted elsewhere. Invariant: no place outside the mask is proposed, and where
few may be seen, all of them are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

import numpy as np
from tantivy import DocAddress, Query

from indexer.columns import Places
from indexer.engines import NOWHERE, Scope, Weighed
from indexer.large.moment import Moment, all_of, any_of
from indexer.scoring import rarity

_FEWEST = 3
"""Terms that propose in any case."""
_WIDER = 8


def places_of(
    moment: Moment, weighed: Sequence[Weighed], scope: Scope, budget: int
) -> tuple[Places, Mapping[int, DocAddress]]:
    allowed = np.flatnonzero(scope.mask)
    if len(allowed) <= scope.most:
        return allowed, {}
    # Where most may be seen, looking past a few hidden ones is cheaper than asking for the marks.
    marks = scope.marks if 2 * len(allowed) < len(scope.mask) else ()
    proposed, addresses = _proposed(moment, weighed, replace(scope, marks=marks), budget)
    return np.unique(np.concatenate([proposed, scope.also[scope.mask[scope.also]]])), addresses


def _proposed(
    moment: Moment, weighed: Sequence[Weighed], scope: Scope, budget: int
) -> tuple[Places, Mapping[int, DocAddress]]:
    """Marks may let through what the mask does not: then more are asked for."""
    affordable = list(_affordable(moment, weighed, budget))
    if not affordable:
        return NOWHERE.places, {}
    marks = [any_of([moment.term("marks", mark) for mark in sorted(one)]) for one in scope.marks]
    query = all_of([*(Query.const_score_query(one, 0.0) for one in marks), any_of(affordable)])
    most = scope.most
    while True:
        addresses = moment.found(query, most)
        places = moment.columns.place_of_numbers(np.array(list(addresses), dtype=np.int64))
        places = places[(places >= 0) & (places < len(scope.mask))]
        places = places[scope.mask[places]]
        if len(places) * 2 >= scope.most or len(addresses) < most:
            return places[: scope.most], addresses
        most *= _WIDER


def _affordable(moment: Moment, weighed: Sequence[Weighed], budget: int) -> Iterator[Query]:
    """The rarest first, as long as their postings stay within the budget."""
    costed = ((min(moment.frequency(one.field, term) for term in one.terms), one) for one in weighed)
    spent = 0
    for number, (cost, one) in enumerate(sorted((pair for pair in costed if pair[0]), key=itemgetter(0))):
        spent += cost
        if spent > budget and number >= _FEWEST:
            return
        yield _weighed_query(moment, one, cost)


def _weighed_query(moment: Moment, weighed: Weighed, bearers: int) -> Query:
    if len(weighed.terms) > 1:
        together = all_of([moment.term(weighed.field, term) for term in weighed.terms])
        return Query.boost_query(Query.const_score_query(together, 1.0), weighed.weight)
    # tantivy multiplies by the rarity itself.
    own = rarity(moment.searcher.num_docs, bearers)
    return Query.boost_query(moment.term(weighed.field, weighed.terms[0]), weighed.weight / own)
