"""Generated fragments in a .tex or .md file, kept up to date between two comments."""
