"""The command `chainrule`."""
