"""Values behave as frozen dataclasses do, except that nothing refuses an assignment at run time: pyright does."""

import copy
import json
import pickle
import shutil
import subprocess
import sys
from dataclasses import asdict, field, fields, replace
from pathlib import Path

import pytest

from sent_server.kernel.values import value_object

SNIPPET = """
from dataclasses import field, replace
from sent_server.kernel.values import value_object

@value_object
class Point:
    x: int
    y: int = 0
    tags: list[str] = field(default_factory=list[str])

@value_object(eq=False)
class Named:
    name: str

point = Point(1, tags=["a"])
replace(point, y=2)
point.x = 3  # refused
Named("a").name = "b"  # refused
Point("1")  # refused
Point(1, z=2)  # refused
reveal_type(point.x)
"""


@value_object
class Point:
    x: int
    y: int = 0
    tags: tuple[str, ...] = ()


@value_object
class Basket:
    owner: str
    items: list[str] = field(default_factory=list[str])


@value_object(eq=False)
class Handle:
    name: str


def test_the_type_checker_refuses_an_assignment(tmp_path: Path) -> None:
    snippet = tmp_path / "snippet.py"
    snippet.write_text(SNIPPET, encoding="utf-8")
    pyright = shutil.which("pyright", path=str(Path(sys.executable).parent)) or "pyright"
    done = subprocess.run(
        [pyright, "--outputjson", "--pythonpath", sys.executable, str(snippet)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    found = [
        one["range"]["start"]["line"]
        for one in json.loads(done.stdout)["generalDiagnostics"]
        if one["severity"] == "error"
    ]
    assert found == [number for number, line in enumerate(SNIPPET.splitlines()) if line.endswith("# refused")]


def test_equal_by_fields_and_usable_as_a_key() -> None:
    assert Point(1, 2) == Point(1, 2)
    assert Point(1, 2) != Point(2, 1)
    assert {Point(1, 2): "here"}[Point(1, 2)] == "here"
    assert len({Point(1), Point(1), Point(2)}) == 2


def test_a_value_with_an_unhashable_field_compares_and_has_no_hash() -> None:
    assert Basket("ann", ["pear"]) == Basket("ann", ["pear"])
    with pytest.raises(TypeError, match="unhashable"):
        hash(Basket("ann"))


def test_without_eq_identity_counts() -> None:
    one = Handle("a")
    assert one != Handle("a")
    assert len({one, Handle("a")}) == 2


def test_two_classes_with_the_same_fields_differ() -> None:
    @value_object
    class Vector:
        x: int
        y: int = 0
        tags: tuple[str, ...] = ()

    assert Vector(1) != Point(1)


def test_repr_names_the_fields() -> None:
    assert repr(Point(1, tags=("a",))) == "Point(x=1, y=0, tags=('a',))"


def test_a_pattern_matches_by_position_and_by_name() -> None:
    match Point(1, 2):
        case Point(1, y=found):
            assert found == 2
        case _:
            pytest.fail("the pattern did not match")


def test_replace_leaves_the_first_as_it_was() -> None:
    first = Point(1, 2)
    assert replace(first, y=3) == Point(1, 3)
    assert first == Point(1, 2)


def test_a_default_factory_makes_one_per_value() -> None:
    first, second = Basket("ann"), Basket("bob")
    first.items.append("pear")
    assert second.items == []


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_and_read_again(protocol: int) -> None:
    basket = Basket("ann", ["pear"])
    assert pickle.loads(pickle.dumps(basket, protocol)) == basket


def test_copies() -> None:
    basket = Basket("ann", ["pear"])
    shallow, deep = copy.copy(basket), copy.deepcopy(basket)
    assert shallow == deep == basket
    assert shallow.items is basket.items
    assert deep.items is not basket.items


def test_fields_and_asdict() -> None:
    assert [each.name for each in fields(Point)] == ["x", "y", "tags"]
    assert asdict(Point(1)) == {"x": 1, "y": 0, "tags": ()}


def test_slots_refuse_a_field_that_does_not_exist() -> None:
    with pytest.raises(AttributeError):
        Point(1).z = 2  # type: ignore[attr-defined]  # what the test is about
    assert not hasattr(Point(1), "__dict__")
