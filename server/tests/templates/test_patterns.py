"""The matcher of tenants' regexes says what Python's engine says, and cannot be made to hang."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sent_server.templates.pattern_syntax import PatternError
from sent_server.templates.patterns import MAX_LENGTH, MAX_NODES, MAX_VALUE_LENGTH, Pattern, UnreadablePattern, load

ATOMS = st.sampled_from(
    ["a", "b", "0", "é", " ", ".", r"\d", r"\w", r"\s", r"\D", r"\.", "[ab]", "[^a]", "[a-c0-9]", r"[\w-]"]
)
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "{1,2}?"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    group = st.tuples(st.sampled_from(["(", "(?:"]), inner, QUANTIFIERS).map(
        lambda parts: f"{parts[0]}{parts[1]}){parts[2]}"
    )
    choice = st.tuples(inner, inner).map("|".join)
    return st.one_of(group, choice, st.tuples(inner, inner).map("".join))


PATTERNS = st.recursive(st.tuples(ATOMS, QUANTIFIERS).map("".join), _grown, max_leaves=5)
ANCHORED = st.tuples(st.sampled_from(["", "^"]), PATTERNS, st.sampled_from(["", "$"])).map("".join)


@settings(max_examples=400, deadline=None)
@given(ANCHORED, st.text("ab0é .-", max_size=8))
def test_a_value_matches_exactly_when_pythons_own_engine_finds_a_match(pattern: str, value: str) -> None:
    # Python's $ also stands before a final line break; the alphabet has none.
    assert Pattern(pattern).matches(value) == bool(re.search(pattern, value))


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\d{4,8}$", "1234", "123"),
        (r"^[A-Z]{2}-\d+$", "AB-1", "ab-1"),
        (r"^https?://[^/\s]+/.*$", "https://a.b/c", "ftp://a.b/c"),
        (r"^[\w.+-]+@[\w-]+\.[\w.]+$", "jo.doe+x@mail.example.com", "jo@mail"),
        (r"^(Mon|Tue|Wed)(day)?$", "Monday", "Fri"),
        (r"^\$?\d+(\.\d{2})?$", "$9.90", "9.9"),
        (r"", "", None),
        (r"a{b}", "a{b}", "ab"),
        (r"[]x]", "]", "y"),
        (r"^[^\]]+$", "abc", "a]"),
    ],
)
def test_patterns_of_everyday_use_work(pattern: str, good: str, bad: str | None) -> None:
    assert Pattern(pattern).matches(good)
    assert bad is None or not Pattern(pattern).matches(bad)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?=a)",
        r"(?P<n>a)",
        r"(?i)a",
        r"(a)\1",
        r"\bword",
        "(a",
        "a)",
        "[a",
        "a\\",
        "*a",
        "^*",
        "a**",
        "a{3,1}",
        "[z-a]",
        r"\p{L}",
        "a{999}",
    ],
)
def test_what_the_matcher_does_not_know_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(PatternError, match=r"the regex|a regex"):
        Pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(" * 30 + ")" * 30, "(((){256}){256}){256}", "((a{99}){99}){99}", "a" * (MAX_LENGTH + 1)]
)
def test_a_pattern_that_would_grow_without_bound_is_refused_at_once(pattern: str) -> None:
    started = time.process_time()
    with pytest.raises(PatternError):
        Pattern(pattern)
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a?){60}a{60}$", "^(.*)*$", "^(a|aa|aaa)+$", "(x+x+)+y"])
def test_patterns_that_explode_elsewhere_stay_linear(pattern: str) -> None:
    compiled = Pattern(pattern)
    assert compiled.cost <= MAX_NODES + 1
    started = time.process_time()
    compiled.matches("a" * (MAX_VALUE_LENGTH - 1) + "!")
    compiled.matches("x" * MAX_VALUE_LENGTH)
    assert time.process_time() - started < 2


def test_a_value_that_is_too_long_to_be_looked_at_does_not_match() -> None:
    assert Pattern("a*").matches("a" * MAX_VALUE_LENGTH)
    assert not Pattern("a*").matches("a" * (MAX_VALUE_LENGTH + 1))


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [("^(a|b){256}$", "ab" * 128, "ab"), ("^" + "[a-z]?" * MAX_LENGTH + "!$", "abc!", "abc")],
)
def test_a_stored_pattern_is_read_whatever_the_limits_have_become(text: str, good: str, bad: str) -> None:
    with pytest.raises(PatternError):
        Pattern(text)
    found = load(text)
    assert isinstance(found, Pattern)
    assert not found.matches(bad)
    assert not good or found.matches(good)


@given(st.text(st.sampled_from("ab(){}[]|?*+\\^$.,19-"), max_size=30))
def test_loading_never_raises(text: str) -> None:
    assert isinstance(load(text), Pattern | UnreadablePattern)
