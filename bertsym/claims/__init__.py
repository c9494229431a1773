"""Claims of others about a model: classified, parsed, judged, explained."""
