"""Questions asked of somebody else's formula or number: is it right, and what does it count."""
