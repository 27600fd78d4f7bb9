"""The configured channels of an account: carrier, sender number and displayed sender."""
