"""Users of an account, their roles and their invitations."""
