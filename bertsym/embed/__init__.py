"""Generated fragments inside somebody's .tex or .md, kept up to date between two comments."""
