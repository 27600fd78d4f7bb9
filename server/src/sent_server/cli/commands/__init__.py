"""The commands as people see them: names, arguments and their help. Each imports its work when it runs."""
