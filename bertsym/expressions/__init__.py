"""The one syntax of expressions and conditions: its grammar, its trees, the reader and the writer of saved files."""
