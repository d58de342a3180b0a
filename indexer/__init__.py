"""A desk search library in Chinese and English that has never heard of tickets."""

from indexer.document import Answer, Document, Engine, Hit, IndexStatus, Mode, Query, Reason, ReasonKind
from indexer.index import Index

__all__ = [
    "Answer",
    "Document",
    "Engine",
    "Hit",
    "Index",
    "IndexStatus",
    "Mode",
    "Query",
    "Reason",
    "ReasonKind",
]
