"""The three-way comparison against the truth: random histories of desks that know all versions."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.packs.canonical import digest
from portal.packs.lineage import State, compared, extended, state_of
from portal.packs.words import Standing

WORDS = ("甲", "乙", "丙")
DESKS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, DESKS - 1), st.sampled_from(WORDS)),
        st.tuples(st.just("send"), st.integers(0, DESKS - 1), st.integers(0, DESKS - 1)),
        st.tuples(st.just("keep"), st.integers(0, DESKS - 1), st.integers(0, DESKS - 1)),
        st.tuples(st.just("replay"), st.integers(0, DESKS - 1), st.integers(0, 5)),
    ),
    max_size=25,
)


@dataclass
class Desk:
    """What a desk holds of one item, and the deeds that went into it: the truth that it can't see."""

    words: str = ""
    line: list[str] = field(default_factory=list)
    agreed: str = ""
    deeds: frozenset[int] = frozenset()

    @property
    def content(self) -> str:
        return digest(self.words)

    @property
    def state(self) -> State:
        return state_of(self.content, line=self.line, agreed=self.agreed)


@dataclass(frozen=True)
class Sent:
    state: State
    words: str
    deeds: frozenset[int]


def sent_by(desk: Desk) -> Sent:
    """As ``making`` does: the version is written on the desk's own line."""
    state = desk.state
    before = tuple(version for version in desk.line if version != state.version)
    desk.line, desk.agreed = extended(desk.line, state.version), desk.content
    return Sent(State(state.content, state.version, before), desk.words, desk.deeds)


def take(desk: Desk, sent: Sent) -> None:
    """As ``task.taken`` does."""
    ours = (*desk.state.line, desk.state.version) if desk.words else ()
    desk.line = extended(desk.line, *ours, *sent.state.line, sent.state.version)
    desk.words, desk.agreed = sent.words, digest(sent.words)
    desk.deeds |= sent.deeds


def settle_for_ours(desk: Desk, sent: Sent) -> None:
    desk.line = extended(desk.line, *desk.state.line, *sent.state.line, sent.state.version)
    desk.agreed = ""
    desk.deeds |= sent.deeds


@given(STEPS)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_nothing_is_offered_as_theirs_alone_that_would_lose_a_deed_of_ours(steps: list[tuple]) -> None:
    desks = [Desk() for _ in range(DESKS)]
    desks[0].words, desks[0].deeds = "初", frozenset({0})
    packs: list[Sent] = []
    for number, (what, one, other) in enumerate(steps, start=1):
        if what == "edit" and desks[one].words and desks[one].words != other:
            desks[one].words = other
            desks[one].deeds |= {number}
        if what in ("send", "keep") and one != other and desks[one].words:
            packs.append(sent_by(desks[one]))
            arrives(desks[other], packs[-1], keep=what == "keep")
        if what == "replay" and other < len(packs):
            arrives(desks[one], packs[other], keep=False)


def arrives(desk: Desk, sent: Sent, *, keep: bool) -> None:
    standing = compared(sent.state, desk.state if desk.words else None)
    lost = desk.deeds - sent.deeds
    match standing:
        case Standing.NEW:
            assert not desk.words
            take(desk, sent)
        case Standing.THEIRS:
            assert not lost, "what is here went into theirs"
            take(desk, sent)
        case Standing.OURS:
            assert sent.deeds <= desk.deeds, "theirs went into what is here"
        case Standing.UNCHANGED:
            assert sent.words == desk.words or sent.deeds <= desk.deeds
            agree(desk, sent)
        case Standing.CONFLICT:
            if keep:
                settle_for_ours(desk, sent)
            else:
                take(desk, sent)


def agree(desk: Desk, sent: Sent) -> None:
    """As ``taking`` does when both say the same by themselves."""
    if desk.state.version != sent.state.version and sent.words == desk.words:
        desk.line = extended(desk.line, *desk.state.line, *sent.state.line, sent.state.version)
        desk.agreed = desk.content
        desk.deeds |= sent.deeds


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_between_two_desks_of_which_one_writes_there_is_never_a_conflict(edits: list[str]) -> None:
    one, other = Desk("初"), Desk()
    for words in ["", *edits]:
        one.words = words or one.words
        sent = sent_by(one)
        standing = compared(sent.state, other.state if other.words else None)
        assert standing in (Standing.NEW, Standing.THEIRS, Standing.UNCHANGED)
        if standing != Standing.UNCHANGED:
            take(other, sent)
        assert other.words == one.words


def test_changing_back_is_a_version_of_its_own() -> None:
    first = state_of(digest("甲"), line=(), agreed="")
    second = state_of(digest("乙"), line=[first.version], agreed="")
    third = state_of(digest("甲"), line=[first.version, second.version], agreed="")
    assert third.content == first.content
    assert third.version != first.version
