"""The sample edition of 30 June 2026 and nothing else: data, no code.

Titles, authors, identifiers and upvotes are the papers' own; every summary is ours.
"""
