"""Claims about costs: FLOPs, caches, training states and adapters, judged under every convention."""
