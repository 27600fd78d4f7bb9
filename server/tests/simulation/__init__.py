"""A deterministic simulation: the real engine on a virtual clock, over a real SQLite, in a world that goes wrong.

scheduler   an event loop with virtual time and a seeded order of what is ready
storage     the `Database` of one process, over a connection that all processes share
transit     the bus between the processes, which loses and delays
carriers    carriers and handsets, with their faults
receivers   webhook receivers, with theirs
node        one process of the product, over all these
image       the database that every world begins with
world       builds it all, lets the faults loose, heals, and waits for rest
watch       what must hold at every commit
checks      what must hold afterwards
trace       what happened, and its hash
planted     bugs that the simulation must catch
"""
