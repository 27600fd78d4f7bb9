"""Which of the brands that an organization sees is its own."""

from typing import Any

from harness import samples
from harness.client import Client


def own(http: Client) -> dict[str, Any]:
    """The one brand of the calling organization, made when there is none.

    An organization sees the brands of its profiles, too, and nothing in them says whose they are: other tests leave
    profiles with brands on the shared server, so those have to be left out by their ids.
    """
    used = [profile["brand"] for profile in http.get("/v3/profiles").data["profiles"]]
    of_profiles = {brand["id"] for brand in used if brand is not None and not brand["is_inherited"]}
    found = [brand for brand in http.get("/v3/brands").data if brand["id"] not in of_profiles]
    assert len(found) <= 1, found
    made: dict[str, Any] = found[0] if found else http.post("/v3/brands", samples.brand()).data
    return made
