"""The names, arguments and help texts of the commands. A command imports its implementation when it runs."""
