"""`python -m affil` is the command `affil`."""

from affil.cli import main

main()
