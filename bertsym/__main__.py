"""`python -m bertsym`."""

from bertsym.cli import main

main()
