"""The routes of /sim: simulated handsets, one set per tenant. The network itself is in `carriers.simulator`."""
