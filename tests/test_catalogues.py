"""The English catalogue is whole, and nothing in the sources of pages bypasses it.

Message ids are the Chinese sentences themselves. The rule checked here: whatever a person reads in
templates, scripts and the web's Python is a message, and every message has its English. What comes out of
it is read in ``tests/web/test_english.py``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[1]
PO = ROOT / "portal" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
EXTRACTED = ("portal", "kb", "defects", "indexer", "templates")
KEYWORDS = DEFAULT_KEYWORDS | parse_keywords(["_l", "N_", "ngettext:1,2", "_n:1,2"])

#: Chinese characters and full-width punctuation; not the ideographic space, which only indents.
CHINESE = re.compile(r"[\u3001-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff60]")
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
MARKERS = {"_", "_l", "N_", "gettext", "lazy_gettext", "ngettext", "pgettext"}
#: A language is called by its own name in every language.
OWN_NAMES = {"中文"}


# ── the catalogue ────────────────────────────────────────────────────────────────────────────────


def ids(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


@pytest.fixture(scope="module")
def english() -> Catalog:
    with PO.open("rb") as source:
        return read_po(source)


@pytest.fixture(scope="module")
def extracted() -> set[str]:
    """The first id of every message in the sources, found as ``make messages`` finds them."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)

    def is_ours(folder: str) -> bool:
        return Path(folder).relative_to(ROOT).parts[0] in EXTRACTED

    found = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS, directory_filter=is_ours)
    return {text if isinstance(text, str) else text[0] for _file, _line, text, _comments, _context in found}


def test_every_message_has_its_english(english: Catalog, extracted: set[str]) -> None:
    translated = {ids(message)[0] for message in english if message.id and all(strings(message))}
    assert not sorted(extracted - translated), "run `make messages` and translate these"


def test_no_english_outlives_its_message(english: Catalog, extracted: set[str]) -> None:
    kept = {ids(message)[0] for message in english if message.id}
    assert not sorted(kept - extracted), "run `make messages`"
    assert not english.obsolete


def test_translations_keep_the_placeholders(english: Catalog) -> None:
    broken = [
        (ids(message)[0], text)
        for message in english
        if message.id
        for text in strings(message)
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(ids(message)[0]))
        or ("%%" in text) != ("%%" in ids(message)[0])
    ]
    assert not broken


def test_english_is_english(english: Catalog) -> None:
    mixed = [text for message in english if message.id for text in strings(message) if CHINESE.search(text)]
    assert not mixed


# ── nothing bypasses it ──────────────────────────────────────────────────────────────────────────


def unmarked(path: Path) -> Iterator[str]:
    """Chinese in a template that is neither a comment nor a message."""
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text("utf-8"))
    marked = {
        id(text)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in MARKERS
        for text in call.args
    }
    for data in tree.find_all(nodes.TemplateData):
        if CHINESE.search(data.data):
            yield f"{path.relative_to(ROOT)}:{data.lineno} {data.data.strip()[:60]}"
    for text in tree.find_all(nodes.Const):
        if id(text) not in marked and CHINESE.search(str(text.value)) and text.value not in OWN_NAMES:
            yield f"{path.relative_to(ROOT)}:{text.lineno} {text.value}"


def test_templates_hold_chinese_only_in_messages() -> None:
    paths = sorted((ROOT / "templates").rglob("*.html"))
    assert paths
    assert not [line for path in paths for line in unmarked(path)]


def test_scripts_hold_no_chinese() -> None:
    paths = sorted((ROOT / "portal" / "static" / "js").glob("*.js"))
    assert paths
    assert not [path.name for path in paths if CHINESE.search(path.read_text("utf-8"))]


def excused(tree: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, what is marked, and patterns that read what people type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        marks = isinstance(called, ast.Name) and called.id in MARKERS
        reads = isinstance(called, ast.Attribute) and ast.unparse(called.value) == "re"
        if marks or reads:
            for given in node.args:
                yield from ast.walk(given)


def bare(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    fine = {id(node) for node in excused(tree)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in fine)
    for text in texts:
        if CHINESE.search(str(text.value)) and text.value not in OWN_NAMES:
            yield f"{path.relative_to(ROOT)}:{text.lineno} {text.value}"


def test_web_and_api_hold_chinese_only_in_messages() -> None:
    paths = [path for part in ("web", "api") for path in sorted((ROOT / "portal" / part).rglob("*.py"))]
    assert paths
    assert not [line for path in paths for line in bare(path)]
