"""Pure building blocks. Knows no database, network, settings, or anything else of ours."""
