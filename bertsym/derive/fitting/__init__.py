"""From inventories seen at many sizes to one in symbols."""
