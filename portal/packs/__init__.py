"""Signed offline packs: articles, defects and synonyms carried between closed networks."""
