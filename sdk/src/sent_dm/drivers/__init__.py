"""Those who do the I/O: httpx, sync and async, and aiohttp. Each turns a Request into a Reply or a Failure."""
