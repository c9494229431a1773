"""The one syntax of expressions in saved files: its reader and its writer."""
