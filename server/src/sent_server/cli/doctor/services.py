"""Checks of the bus and the cache."""

from sent_server.bus import BusError
from sent_server.bus import examine as bus
from sent_server.cli.doctor.findings import Finding, ok, refused, warning
from sent_server.http import shared_limits
from sent_server.http.shared_limits import CacheError
from sent_server.kernel import plurals
from sent_server.settings import Settings


async def examine_bus(settings: Settings, installation_id: str | None) -> list[Finding]:
    if not settings.bus_url:
        return [ok("bus", "not set: processes poll the database for work")]
    try:
        found = await bus.examine(settings.bus_url, installation=installation_id or "")
    except BusError as error:
        return [refused("bus", error)]
    said = f"NATS {found.version} responds, with JetStream"
    findings = [ok("bus", said)]
    if found.is_small:
        findings.append(warning("bus.memory", "JetStream may use less than 64 MiB of memory", "raise max_memory_store"))
    if found.stream is None:
        return [*findings, ok("bus.stream", "the stream does not exist yet; the first process creates it")]
    stream = found.stream
    findings.append(
        ok(
            "bus.stream",
            f"{plurals.counted(stream.messages, 'waiting hint')} in {stream.name}, for "
            f"{plurals.counted(stream.consumers, 'consumer')}",
        )
    )
    if stream.consumers == 0:
        findings.append(warning("bus.consumers", "no worker has requested work yet", "start `sent worker`"))
    return findings


async def examine_cache(settings: Settings) -> list[Finding]:
    if not settings.cache_url:
        return [ok("cache", "not set: each process counts rate limits separately")]
    try:
        version, forgets = await shared_limits.examine(settings.cache_url)
    except CacheError as error:
        return [refused("cache", error)]
    findings = [ok("cache", f"{version} responds")]
    for one in forgets:
        found, _, remedy = one.partition("; ")
        findings.append(warning("cache.memory", found, remedy))
    return findings
