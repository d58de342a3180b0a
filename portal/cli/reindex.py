"""``tierdesk reindex``: rebuild the search index beside the serving one, or compare it and repair."""

from __future__ import annotations

import click

from portal.cli.feeding import drain, rebuild
from portal.cli.place import Place, opened, opened_index
from portal.cli.telling import as_json, tell_json
from portal.finder.upkeep import compare, heal, repair


@click.command("reindex", help="重建检索索引，建好再切换；--check 只核对索引和数据库，有差异就修复。")
@click.option("--check", is_flag=True, help="核对并修复，不重建。")
@as_json
def command(check: bool, as_json: bool) -> None:
    with opened() as place:
        told = _check(place) if check else _rebuild(place, quiet=as_json)
    if as_json:
        tell_json(told)
    elif check:
        click.echo(
            f"核对 {told['documents']} 篇：缺 {told['missing']}，旧 {told['stale']}，多 {told['surplus']}；"
            f"已修复 {told['repaired']} 篇。"
        )
    else:
        click.echo(f"索引已重建，共 {told['documents']} 篇（{told['mode']}，词语引擎 {told['words']}）。")
        if told["advice"]:
            click.echo(str(told["advice"]))


def _rebuild(place: Place, *, quiet: bool) -> dict[str, object]:
    from indexer.choice import advice

    with opened_index(place.settings) as index:
        rebuild(place, index, quiet=quiet)
        status = index.status()
    return {
        "documents": status.documents,
        "mode": status.mode.value,
        "encoder": status.encoder,
        "words": status.words,
        "advice": advice(status),
    }


def _check(place: Place) -> dict[str, object]:
    # With the encoder: what is repaired must not wait for the worker to be found by meaning.
    with opened_index(place.settings, patient=True) as index:
        heal(place.maker, index)
        drain(place.maker, index)
        found = compare(place.maker, index)
        repaired = repair(place.maker, index, found)
        documents = index.status().documents
    return {
        "documents": documents,
        "missing": len(found.missing),
        "stale": len(found.stale),
        "surplus": len(found.surplus),
        "repaired": repaired,
    }
