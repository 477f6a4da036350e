"""Raw files to canonical tables: the only place that renames, parses or drops."""
