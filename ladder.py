"""The program `ladder`: it only starts the command line, which stands in commands/."""

import sys

from commands.command_line import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
