"""Questions to answers, one file each: what was asked of which model under which convention, and what came out."""
