"""The three spellings of a placeholder become the documented one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.templates import placeholders
from sent_server.templates.placeholders import Declared

NAME, COMPANY = Declared(0, "name", "variable"), Declared(1, "company", "link")


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Hi {{0:variable}} of {{1:link}}", "Hi {{0:variable}} of {{1:link}}"),
        ("Hi {{name}} of {{company}}", "Hi {{0:variable}} of {{1:link}}"),
        ("Hi {{1}} of {{2}}", "Hi {{0:variable}} of {{1:link}}"),
        ("Hi {{0}} of {{1}}", "Hi {{0:variable}} of {{1:link}}"),
        ("Hi {{ name }}", "Hi {{0:variable}}"),
        ("Hi {name}", "Hi {name}"),
    ],
)
def test_every_spelling_is_stored_as_id_and_type(written: str, stored: str) -> None:
    assert placeholders.resolve(written, [NAME, COMPANY]) == placeholders.Resolved(stored, (), ())


def test_a_text_without_declarations_declares_its_own() -> None:
    found = placeholders.resolve("{{b}} {{1}} {{b}} {{2}}", [])
    assert found.text == "{{0:variable}} {{1:variable}} {{0:variable}} {{2:variable}}"
    assert [variable.name for variable in found.added] == ["b", "var_1", "var_2"]
    assert found.problems == ()


@pytest.mark.parametrize("inside", ["7:variable", "nobody", "3", "00", "0:wish", "", "two words", "-1"])
def test_a_placeholder_that_stands_for_nothing_is_named(inside: str) -> None:
    (problem,) = placeholders.resolve(f"Hi {{{{{inside}}}}} {{{{1}}}}", [NAME, COMPANY]).problems
    assert f"{{{{{inside}}}}}" in problem


@pytest.mark.parametrize("text", ["Hi {{name", "name}} hi", "{{ {name}} {{name}}"])
def test_half_a_placeholder_is_a_fault(text: str) -> None:
    assert placeholders.resolve(text, [NAME]).problems


@given(st.text())
def test_any_text_resolves_or_is_refused_and_resolving_twice_changes_nothing(text: str) -> None:
    found = placeholders.resolve(text, [])
    if not found.problems:
        again = placeholders.resolve(found.text, found.added)
        assert (again.text, again.problems) == (found.text, ())
        assert set(placeholders.used_ids(found.text)) == {variable.id for variable in found.added}
