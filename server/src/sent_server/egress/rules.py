"""The rules for URLs to post to, the same for every field of every body."""

from sent_server.egress import urls
from sent_server.egress.guard import Guard
from sent_server.egress.urls import MASK, UrlError
from sent_server.errors import ApiError
from sent_server.kernel.values import value_object

BAD_URL = "Endpoint URL must be a valid HTTP or HTTPS URL"
NOT_HTTPS = "Endpoint URL must be a valid HTTPS URL"
STILL_MASKED = (
    f"Endpoint URL holds {MASK} in place of user and password. Write them out; to keep the stored ones, leave scheme, "
    "host and port as they are"
)


@value_object
class UrlRules:
    """The operator's rules."""

    guard: Guard
    require_https: bool

    def settle(self, field: str, given: str, *, stored: str | None = None) -> str:
        """The URL to store and to call. A mask stands for the credentials of `stored`, at the same origin only.

        Raises VALIDATION_001 with the reason under `field`.
        """
        problem = self._problem(given)
        if problem is None and urls.is_masked(given):
            credentials = urls.userinfo(stored) if stored is not None else None
            if stored is None or credentials in (None, MASK) or not urls.is_same_origin(given, stored):
                problem = STILL_MASKED
            else:
                given = urls.with_userinfo(given, credentials)
        if problem is not None:
            raise ApiError("VALIDATION_001", problem, details={field: [problem]})
        return given

    def _problem(self, given: str) -> str | None:
        try:
            url = urls.parse(given)
        except UrlError:
            return BAD_URL
        if self.require_https and url.scheme != "https":
            return NOT_HTTPS
        return self.guard.never_calls(url)
