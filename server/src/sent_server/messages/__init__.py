"""Messages: accepting them, and reporting their progress. `delivery` sends them."""
