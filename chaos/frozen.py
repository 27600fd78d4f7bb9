"""A worker stopped with SIGSTOP past its leases, and continued: it writes nothing under an old fence. I4, I2."""

import signal
import time

from chaos import audit
from chaos.environment import Environment, Rows, execute
from chaos.options import Options
from chaos.report import Findings
from chaos.traffic import Traffic
from harness import cluster as clusters

NAME = "frozen"
INVARIANTS = "I1 I2 I4"
PLANTS = ("fences_ignored",)
# Past the 12 s that a lease lasts.
SHORTEST_S = 14
# The carrier thinks for so long that a stopped worker always has messages there.
CARRIER_MS = 300
# Who claimed a job last (processes set their names in PostgreSQL), and every write by anybody else on its behalf.
WITNESS = """
CREATE TABLE chaos_holders (job_id TEXT PRIMARY KEY, holder TEXT NOT NULL);
CREATE TABLE chaos_taken_over (job_id TEXT, from_holder TEXT, to_holder TEXT);
CREATE TABLE chaos_stale (what TEXT, id TEXT, holder TEXT, writer TEXT);

CREATE FUNCTION chaos_claimed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE me TEXT := current_setting('application_name');
BEGIN
    INSERT INTO chaos_taken_over
    SELECT job_id, holder, me FROM chaos_holders WHERE job_id = NEW.id AND holder <> me;
    INSERT INTO chaos_holders VALUES (NEW.id, me) ON CONFLICT (job_id) DO UPDATE SET holder = excluded.holder;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_claimed AFTER UPDATE ON jobs FOR EACH ROW
WHEN (NEW.fence > OLD.fence AND OLD.kind LIKE 'dispatch:%') EXECUTE FUNCTION chaos_claimed();

CREATE FUNCTION chaos_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_stale
    SELECT 'attempt became ' || NEW.state, job_id, holder, current_setting('application_name')
    FROM chaos_holders WHERE job_id = NEW.message_id AND holder <> current_setting('application_name');
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_recorded AFTER UPDATE ON attempts FOR EACH ROW
WHEN (NEW.state IN ('SENT', 'REJECTED', 'UNKNOWN', 'LATER')) EXECUTE FUNCTION chaos_recorded();

CREATE FUNCTION chaos_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_stale
    SELECT 'job ended or moved', job_id, holder, current_setting('application_name')
    FROM chaos_holders WHERE job_id = OLD.id AND holder <> current_setting('application_name');
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_finished AFTER DELETE ON jobs FOR EACH ROW
WHEN (OLD.kind LIKE 'dispatch:%') EXECUTE FUNCTION chaos_let_go();
CREATE TRIGGER chaos_moved AFTER UPDATE ON jobs FOR EACH ROW
WHEN (OLD.kind LIKE 'dispatch:%' AND NEW.fence = OLD.fence) EXECUTE FUNCTION chaos_let_go();
"""


def run(environment: Environment, options: Options) -> Findings:
    found = Findings(NAME)
    pause_s = SHORTEST_S if options.short else max(SHORTEST_S, options.seconds)
    cluster = environment.cluster(CHAOS_CARRIER_MS=str(CARRIER_MS))
    execute(cluster, WITNESS)
    api, sleeper, _ = cluster.api(), cluster.worker(), cluster.worker()
    account = cluster.account(api)
    template_id = clusters.template(account)
    rows, urls = Rows.of(cluster), [api.base_url or ""]
    with Traffic(lambda: urls, account.api_key, template_id, seed=options.seed, pause_s=0.1) as traffic:
        time.sleep(2)
        sleeper.process.send_signal(signal.SIGSTOP)
        time.sleep(pause_s)
        sleeper.process.send_signal(signal.SIGCONT)
        time.sleep(3)
        traffic.finish()
    accepted = traffic.accepted
    audit.settled(rows, accepted, 45)
    name = f"sent-{sleeper.process.pid}"
    taken = [row for row in rows.query("SELECT from_holder, to_holder FROM chaos_taken_over") if row[0] == name]
    found.require(
        "another worker continues its work",
        f"stopped for {pause_s} s, {len(taken)} messages taken over",
        bool(taken),
        "it had nothing in its hands, so this run says nothing",
    )
    stale = rows.query("SELECT what, id, holder, writer FROM chaos_stale")
    found.add("no write with an old fence", f"{len(stale)} of them", [
        f"{what} of {job_id} by {writer}, though {holder} had it" for what, job_id, holder, writer in stale
    ])  # fmt: skip
    audit.everything(found, rows, accepted=accepted, keys=list(traffic.answered))
    found.require("it still works", "and ends cleanly", sleeper.stop() == 0, "the woken worker did not end cleanly")
    cluster.stop()
    return found
