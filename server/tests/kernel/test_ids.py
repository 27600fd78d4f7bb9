"""Identifiers: sorted by time, unique, and read strictly."""

import os
import re
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sent_server.kernel import ids

TIMES = st.integers(min_value=0, max_value=2**48 - 1)
ID = "0190a0b0-c0d0-7000-8000-00000000dead"


@given(TIMES)
def test_a_row_id_is_a_uuid_of_version_7_that_holds_its_time(now_ms):
    made = uuid.UUID(ids.new_id(now_ms))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now_ms


@given(TIMES, TIMES)
def test_row_ids_sort_as_their_times(one_ms, other_ms):
    if one_ms != other_ms:
        assert (ids.new_id(one_ms) < ids.new_id(other_ms)) == (one_ms < other_ms)


def test_row_ids_of_one_millisecond_differ():
    assert len({ids.new_id(1) for _ in range(10_000)}) == 10_000


def test_a_request_id_is_req_and_letters_or_digits():
    made = {ids.new_request_id() for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(re.fullmatch(r"req_[0-9A-Za-z]{16,32}", request_id) for request_id in made)


def test_an_api_key_is_a_random_uuid():
    made = {ids.new_api_key() for _ in range(100)}
    assert len(made) == 100
    assert {uuid.UUID(api_key).version for api_key in made} == {4}


@given(st.uuids())
def test_a_uuid_is_read_in_either_case_and_kept_in_lower_case(value):
    assert ids.parse_uuid(str(value)) == str(value)
    assert ids.parse_uuid(str(value).upper()) == str(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        ID + "\n",
        " " + ID,
        "{" + ID + "}",
        "urn:uuid:" + ID,
        ID.replace("-", ""),
        ID[:-1] + "g",
        ID[:-1] + "\u0661",
    ],
)
def test_every_other_spelling_is_refused(text):
    assert ids.parse_uuid(text) is None


def test_ids_are_not_computed_from_earlier_ones() -> None:
    """Mersenne Twister would be known after 624 words of 32 bits, and request ids are shown to everybody."""
    code = (
        "from sent_server.kernel import ids\n"
        "print(type(ids._random).__name__, len({ids.new_request_id() for _ in range(100_000)}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["_System", "100000"]


def test_a_forked_process_makes_other_ids() -> None:
    ids.new_request_id()
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.write(write, ids.new_request_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100).decode() != ids.new_request_id()
    os.close(read)
    os.close(write)


def test_threads_never_get_the_same_id() -> None:

    def make(_number: int) -> list[str]:
        return [ids.new_request_id() for _ in range(2_000)]

    with ThreadPoolExecutor(8) as pool:
        found = [one for part in pool.map(make, range(16)) for one in part]
    assert len(set(found)) == len(found)
