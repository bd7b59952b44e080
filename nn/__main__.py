"""`python -m nn` is the command `chainrule`."""

import sys

from nn.command.main import main

sys.exit(main())
