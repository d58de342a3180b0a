"""The columns against a list of rows, at every moment of a history and for whoever still holds an old one."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import Query
from indexer.columns import Columns, applied
from indexer.document import Key
from indexer.growing import Growing
from indexer.store import Changes, Row

TOKENS = ["everyone", "staff", "ticket:person:1", "ticket:person:2", "ticket:unit:hl", "ticket:system:mkt"]


@dataclass
class Reference:
    """What the columns must know: every row there ever was and whether it lives."""

    rows: list[Row] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    def live(self) -> list[Row]:
        return [row for row in self.rows if row.n not in self.gone]

    def copy(self) -> "Reference":
        return Reference(list(self.rows), set(self.gone))

    def seen(self, query: Query) -> set[Key]:
        return {
            (row.kind, row.id)
            for row in self.live()
            if (query.audience is None or query.audience & row.audience)
            and (not query.kinds or row.kind in query.kinds)
            and all(row.facets.get(name, "") in values for name, values in query.filters.items())
            and (row.kind, row.id) not in query.exclude
        }


ROW = st.tuples(
    st.sampled_from(["article", "ticket"]),
    st.sampled_from(["1", "2", "3", "4"]),
    st.sampled_from(["", "mkt", "oa"]),
    st.frozensets(st.sampled_from(TOKENS), max_size=4),
)
QUERY = st.builds(
    lambda audience, kinds, system, exclude: Query(
        "",
        audience=audience,
        kinds=kinds,
        filters={} if system is None else {"system": frozenset(system)},
        exclude=exclude,
    ),
    st.none() | st.frozensets(st.sampled_from([*TOKENS, "nobody"]), max_size=3),
    st.frozensets(st.sampled_from(["article", "ticket"]), max_size=2),
    st.none() | st.lists(st.sampled_from(["", "mkt", "oa", "unknown"]), max_size=2),
    st.frozensets(st.tuples(st.sampled_from(["article", "ticket"]), st.sampled_from(["1", "2"])), max_size=2),
)


def step(
    columns: Columns, reference: Reference, added: list[tuple[str, str, str, frozenset[str]]]
) -> Columns:
    """As the store does it: a new version is a new number, the old one is gone at the same tick."""
    last = {(kind, id_): number for number, (kind, id_, *_) in enumerate(added)}
    fresh = [row for number, row in enumerate(added) if last[row[0], row[1]] == number]
    gone = [row.n for row in reference.live() if (row.kind, row.id) in last]
    start = len(reference.rows) + 1
    rows = [
        Row(start + offset, kind, id_, 10, {"system": system} if system else {}, audience, 0.0)
        for offset, (kind, id_, system, audience) in enumerate(fresh)
    ]
    reference.rows += rows
    reference.gone |= set(gone)
    return applied(columns, Changes(rows, gone, columns.tick + 1))


def shown(columns: Columns, query: Query) -> set[Key]:
    return {columns.keys[place] for place in np.flatnonzero(columns.mask(query))}


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(st.lists(ROW, max_size=5), max_size=8), query=QUERY)
def test_every_moment_stays_true_for_whoever_holds_it(
    steps: list[list[tuple[str, str, str, frozenset[str]]]], query: Query
) -> None:
    columns, reference = Columns(), Reference()
    moments = [(columns, reference.copy())]
    for added in steps:
        columns = step(columns, reference, added)
        moments.append((columns, reference.copy()))
    for held, truth in moments:
        assert shown(held, query) == truth.seen(query)
        assert held.living == len(truth.live()) == len(held.places)
        assert set(held.places) == {(row.kind, row.id) for row in truth.live()}
        for row in truth.live():
            assert held.numbers[held.places[row.kind, row.id]] == row.n
        assert ("article", "never") not in held.places


def test_two_ways_on_from_one_moment_do_not_meet() -> None:
    reference = Reference()
    start = step(Columns(), reference, [("article", "1", "mkt", frozenset({"staff"}))])
    left, right = reference.copy(), reference.copy()
    one = step(start, left, [("article", "2", "oa", frozenset({"everyone"}))])
    other = step(start, right, [("ticket", "9", "", frozenset({"ticket:person:1"}))])
    everything = Query("", audience=None)
    assert shown(one, everything) == {("article", "1"), ("article", "2")}
    assert shown(other, everything) == {("article", "1"), ("ticket", "9")}
    assert shown(start, everything) == {("article", "1")}
    assert shown(other, Query("", audience=frozenset({"ticket:person:1"}))) == {("ticket", "9")}


def test_a_facet_that_comes_late_is_empty_for_those_before() -> None:
    first = applied(Columns(), Changes([Row(1, "article", "1", 5, {}, frozenset(), 0.0)], [], 1))
    second = applied(first, Changes([Row(2, "article", "2", 5, {"season": "7"}, frozenset(), 0.0)], [], 2))
    assert shown(second, Query("", audience=None, filters={"season": frozenset({"7"})})) == {("article", "2")}
    assert shown(second, Query("", audience=None, filters={"season": frozenset({""})})) == {("article", "1")}


def test_an_array_grows_without_touching_what_was_read() -> None:
    lengths = [Growing(np.int32)]
    for number in range(500):
        lengths.append(lengths[-1].extended([number]))
    assert [len(one) for one in lengths] == list(range(501))
    assert lengths[300].array.tolist() == list(range(300))
    fork = lengths[300].extended([-1])
    assert lengths[301].array[300] == 300
    assert fork.array[300] == -1
