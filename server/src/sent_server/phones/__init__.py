"""The routes of /sim: simulated handsets, separate for each tenant. The network is in `carriers.simulator`."""
