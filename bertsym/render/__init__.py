"""The only places that know a syntax: text, LaTeX, Markdown, JSON."""
