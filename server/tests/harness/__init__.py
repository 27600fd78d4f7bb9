"""What every test over HTTP uses: databases, a real server process, a client that checks the contract, a receiver."""
