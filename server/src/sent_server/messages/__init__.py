"""Messages: accepts them and reports their status. `delivery` sends them."""
