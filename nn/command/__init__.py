"""The command `chainrule`: a file for each subcommand, and what they share."""
