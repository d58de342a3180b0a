"""An article as a page of its own, to be read without the desk and to be imported again.

The words go through the one renderer; around them stands what the import needs, as facts in the head.
The invariant: a page runs nothing and loads nothing but what lies beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from kb.exporting.files import listed
from kb.links.references import Target
from kb.markdown import render

POLICY = "default-src 'none'; img-src 'self' file: data:; style-src 'self' file:"
OURS = re.compile(r'(?P<head> (?:src|href)=")(?P<address>/files/\d{1,18})"')
STYLE = """body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1b2a33; background: #fff;
  font: 16px/1.7 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.3rem; } img { max-width: 100%; } a { color: #0b6e75; }
table { border-collapse: collapse; }
td, th { border: 1px solid #c9d3d8; padding: .3rem .6rem; vertical-align: top; }
pre { background: #f2f5f6; padding: .8rem; overflow-x: auto; }
blockquote { border-left: 3px solid #c9d3d8; margin-left: 0; padding-left: 1rem; }
.facts { color: #5b6b74; font-size: .875rem; }
@media (prefers-color-scheme: dark) {
  body { background: #10191e; color: #dfe8ec; } a { color: #58c4cc; } pre { background: #1a262c; }
  td, th, blockquote { border-color: #3a4a52; } .facts { color: #9aabb4; }
}
"""


def web_page(
    facts: Mapping[str, Any],
    body: str,
    files: Mapping[str, str],
    pages: Mapping[str, str],
    titles: Mapping[str, str],
) -> str:
    """``files``: address in the desk → path beside the page. ``pages``: number → page of the bundle."""
    targets = {number: Target(titles[number], quote(page)) for number, page in pages.items()}
    inner = OURS.sub(lambda match: _beside(match, files), str(render(body, targets)))
    metas = "".join(
        f'<meta name="tierdesk.{escape(name)}" content="{escape(_fact(value))}">\n'
        for name, value in facts.items()
        if value not in (None, "", [])
    )
    title, language = escape(str(facts["title"])), escape(str(facts["language"]))
    line = " · ".join(escape(str(facts[name])) for name in ("number", "system", "module") if facts.get(name))
    head = f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n{metas}'
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n{head}<title>{title}</title>\n'
        f'<link rel="stylesheet" href="style.css">\n</head>\n<body>\n<header><h1>{title}</h1></header>\n'
        f'<main>\n{inner}\n</main>\n<nav><p class="facts">{line}</p></nav>\n</body>\n</html>\n'
    )


def contents_page(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """The page that lists the others; an import passes over it."""
    items = "\n".join(
        f'<li lang="{escape(str(row["language"]))}"><a href="{quote(page)}">{escape(str(row["title"]))}</a>'
        f' <span class="facts">{escape(str(row["number"]))}</span></li>'
        for page, row in rows
    )
    return (
        '<!doctype html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="tierdesk.contents" content="yes">\n<title>知识</title>\n'
        '<link rel="stylesheet" href="style.css">\n</head>\n'
        f"<body>\n<h1>知识</h1>\n<ul>\n{items}\n</ul>\n</body>\n</html>\n"
    )


def _beside(match: re.Match[str], files: Mapping[str, str]) -> str:
    path = files.get(match["address"])
    return f'{match["head"]}{escape(quote(path))}"' if path else match[0]


def _fact(value: Any) -> str:
    return listed([str(one) for one in value]) if isinstance(value, list) else str(value)
