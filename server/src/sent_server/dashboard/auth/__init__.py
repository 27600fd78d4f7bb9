"""Who is signed in: people, passwords, sessions and sign-in links."""
