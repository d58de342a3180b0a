"""Files as people bring them: pictures, a folder of Markdown, Word documents, archives. All made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

Bytes = Mapping[str, bytes]
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def png(colour: str = "teal", size: int = 8) -> bytes:
    """A real picture; each colour is another one."""
    held = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(held, "PNG")
    return held.getvalue()


def packed(files: Mapping[str, bytes | str]) -> bytes:
    """An archive of these files; the same ones make the same archive whenever it is made."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def laid(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """These files in a folder of the disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def manual(pages: int = 30) -> dict[str, bytes | str]:
    """A folder as a team keeps it: two levels, Chinese names, pictures beside and above, links between."""
    files: dict[str, bytes | str] = {
        "images/公用 标志.png": png("navy"),
        "营销/表单/申请表.docx": docx("<w:p/>"),
    }
    for number in range(pages):
        system, other = ("营销", "协同") if number % 2 else ("协同", "营销")
        path = f"{system}/第{number:02d}篇.md"
        files[f"{system}/图/{number:02d}.png"] = png("teal", 8 + number)
        files[path] = (
            f"---\nkeywords: [登录, 第{number}批]\nkind: howto\nalso:\n  - 第 {number} 个问题怎么办\n---\n"
            f"# 第 {number} 篇：怎样登录\n\n![登录页](图/{number:02d}.png)\n\n1. 打开登录页。\n"
            f"2. 看[下一篇](../{other}/第{(number + 1) % pages:02d}篇.md)。\n\n"
            '<img src="../images/公用%20标志.png" alt="标志">\n\n'
            "```\n![不是图片](图/99.png)\n```\n"
        )
    files["营销/第01篇.md"] = str(files["营销/第01篇.md"]) + "\n填[申请表](表单/申请表.docx)。\n"
    return files


# ── Word ─────────────────────────────────────────────────────────────────────────────────────────


def heading(words: str, level: int = 1) -> str:
    style = f'<w:pPr><w:pStyle w:val="Heading{level}"/></w:pPr>'
    return f"<w:p>{style}<w:r><w:t>{words}</w:t></w:r></w:p>"


def paragraph(words: str) -> str:
    return f'<w:p><w:r><w:t xml:space="preserve">{words}</w:t></w:r></w:p>'


def step(words: str) -> str:
    numbered = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    return f"<w:p>{numbered}<w:r><w:t>{words}</w:t></w:r></w:p>"


def table(*rows: tuple[str, ...]) -> str:
    cells = ["".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def drawn(relation: str, alt: str = "图", *, linked: bool = False) -> str:
    kind = "link" if linked else "embed"
    return (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        f'wordprocessingDrawing"><wp:docPr id="1" name="p" descr="{alt}"/>'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData>'
        '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill>'
        f'<a:blip r:{kind}="{relation}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )


def docx(body: str, pictures: Bytes | None = None, *, outside: str = "", head: str = "") -> bytes:
    """A Word document. ``pictures``: relation → content; ``outside``: the address of relation ``away``."""
    held = pictures or {}
    relations = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/image" Target="media/{name}.png"/>' for name in held
    )
    if outside:
        relations += (
            f'<Relationship Id="away" Type="{OFFICE}/image" Target="{outside}" TargetMode="External"/>'
            f'<Relationship Id="link" Type="{OFFICE}/hyperlink" Target="{outside}" TargetMode="External"/>'
        )
    levels = '<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>'
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="png" ContentType="image/png"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="d" '
            f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f"{relations}</Relationships>",
            "word/numbering.xml": f'<w:numbering xmlns:w="{WORD}"><w:abstractNum w:abstractNumId="0">{levels}'
            '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
            "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document xmlns:w="{WORD}" '
            f'xmlns:r="{OFFICE}"><w:body>{body}</w:body></w:document>',
            **{f"word/media/{name}.png": content for name, content in held.items()},
        }
    )
