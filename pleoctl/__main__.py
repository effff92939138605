"""``python -m pleoctl``."""

from pleoctl.cli.main import main

main()
