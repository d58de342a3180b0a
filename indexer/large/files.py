"""tantivy's files: what a document is in them, how they are opened and written, what their damage is called.

Nothing is searched here. Invariant: whatever is wrong with the files comes out as an `OSError`.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path

from tantivy import (
    Document,
    Index,
    IndexWriter,
    Query,
    Schema,
    SchemaBuilder,
    TextAnalyzerBuilder,
    Tokenizer,
)

from indexer.engines import Counts, Field
from indexer.packed import packed

_TOKENIZER = "whitespace"


def _documents() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("n", indexed=True, fast=True)
    for field in Field:
        builder.add_text_field(field, tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_text_field("marks", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("packed", stored=True)
    return builder.build()


@contextmanager
def damage_is_an_error() -> Iterator[None]:
    """Rust panics over broken files with what no `except Exception` catches."""
    try:
        yield
    except BaseException as fault:
        if type(fault).__name__ == "PanicException":
            raise OSError(str(fault)) from fault
        raise


@contextmanager
def _no_room_is_an_os_error() -> Iterator[None]:
    """tantivy's own threads write, and what stopped them comes as a mere ValueError."""
    with damage_is_an_error():
        try:
            yield
        except ValueError as fault:
            raise OSError(f"the word index can't be written: {fault}") from fault


def opened(folder: Path) -> Index:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    if any(folder.iterdir()) and not Index.exists(str(folder)):
        raise OSError(f"词索引目录 {folder.name} 里有文件却没有目录表")
    index = Index(_documents(), path=str(folder))
    index.register_tokenizer(_TOKENIZER, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    index.config_reader("manual")
    return index


def spelled(term: str) -> str:
    """Half a surrogate pair is no text to Rust."""
    return term.encode("utf-8", "replace").decode("utf-8")


class TantivyWriter:
    """Everything between two commits; its lock is let go by either end."""

    def __init__(self, writer: IndexWriter, schema: Schema) -> None:
        self._writer = writer
        self._schema = schema

    def add(self, n: int, counts: Counts) -> None:
        document = Document()
        document.add_unsigned("n", n)
        repeated = chain.from_iterable(repeat(term, count) for term, count in counts.words.items())
        document.add_text(Field.WORDS, spelled(" ".join(repeated)))
        document.add_text(Field.TITLE, spelled(" ".join(counts.title)))
        document.add_text(Field.SOUND, spelled(" ".join(counts.sound)))
        for mark in counts.marks:
            document.add_text("marks", spelled(mark))
        document.add_bytes("packed", packed(counts))
        with _no_room_is_an_os_error():
            self._writer.add_document(document)

    def remove(self, n: int) -> None:
        # By a query: `delete_documents_by_term` of 0.27 finds no unsigned number and says nothing.
        self._writer.delete_documents_by_query(Query.term_query(self._schema, "n", n))

    def commit(self) -> None:
        with _no_room_is_an_os_error():
            self._writer.commit()
            self._writer.wait_merging_threads()

    def cancel(self) -> None:
        """A writer whose thread died of a full disk has nothing left to roll back."""
        with suppress(ValueError):
            self._writer.rollback()
        with suppress(ValueError):
            self._writer.wait_merging_threads()
