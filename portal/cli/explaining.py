"""How ``tierdesk search --explain`` tells a search: lines for a person, one document for a script.

What is told is worked out in ``portal.finder.explanation``; here it only gets its shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from indexer.document import Key, Stage, StageName
from portal.finder.explanation import Account, Explanation, difference
from portal.finder.fates import FATES, FEATURES, STAGES

ROWS = 10
WEIGHTIEST = 6


# ── for a person ─────────────────────────────────────────────────────────────────────────────────


def lines(told: Explanation) -> Iterator[str]:
    trace = told.trace
    yield f"检索「{told.text}」：{told.mode}，{told.took_ms:.1f} 毫秒，在 {trace.candidates} 篇可见的里面找"
    yield f"词语：{' '.join(trace.tokens) or '没有'}"
    yield f"编号和错误码：{' '.join(trace.codes) or '没有'}"
    for number, stage in enumerate(trace.stages, 1):
        yield from _stage(number, stage, told)
    yield from _recheck(told)
    learned = "随产品发布的初始校准" if trace.cold_start else "本服务台学到的校准"
    yield f"概率：{learned}（{trace.calibration}），从 {trace.trusted_from:.0%} 起算可信"
    for account in told.shown:
        yield from _shown(account)
    for account in told.asked_about:
        yield from _asked_about(account, told)


def _stage(number: int, stage: Stage, told: Explanation) -> Iterator[str]:
    share = f"，意思占 {told.trace.meaning_weight:.0%}" if stage.name is StageName.FUSED else ""
    took = f"，{stage.took_ms:.1f} 毫秒" if stage.took_ms else ""
    yield f"{number}. {STAGES[stage.name]}：{len(stage.ranking)} 篇{share}{took}"
    for rank, (key, score) in enumerate(stage.ranking[:ROWS], 1):
        yield f"   {rank:>3}  {score:9.4f}  {_name(key, told)}"


def _name(key: Key, told: Explanation) -> str:
    ref, title = told.names.get(key, ("/".join(key), "（无权看到）"))
    return f"{ref:<14} {title}"


def _recheck(told: Explanation) -> Iterator[str]:
    refused = "、".join("/".join(key) for key in told.refused[:ROWS])
    sentence = f"拦下 {len(told.refused)} 篇：{refused}" if told.refused else "没有拦下任何一篇"
    yield f"{len(told.trace.stages) + 1}. 数据库按权限复核：{sentence}"


def _shown(account: Account) -> Iterator[str]:
    yield f"   {account.place:>3}  {_percent(account)}  {account.ref:<14} {account.title}"
    if weighty := _weighty(account.contributions):
        yield f"        {weighty}"


def _percent(account: Account) -> str:
    return f"{account.probability:4.0%}" if account.probability is not None else "  – "


def _weighty(contributions: Mapping[str, float]) -> str:
    heaviest = sorted(contributions.items(), key=lambda pair: -abs(pair[1]))[:WEIGHTIEST]
    return "  ".join(f"{FEATURES.get(name, name)} {value:+.2f}" for name, value in heaviest)


def _asked_about(account: Account, told: Explanation) -> Iterator[str]:
    yield ""
    yield f"{account.ref} {account.title}：{FATES[account.fate]}{_where(account)}"
    winner = next((other for other in told.shown if other.key != account.key), None)
    if not account.standing or winner is None:
        return
    yield f"  和排在前面的 {winner.ref} {winner.title} 比："
    for stage, (rank, score) in account.standing.items():
        best, best_score = winner.standing.get(stage, (0, 0.0))
        yield f"  {STAGES[stage]}：{_rank(rank)}（{score:.4f}），对方{_rank(best)}（{best_score:.4f}）"
    for name, gap in difference(account, winner):
        own, other = account.features.get(name, 0.0), winner.features.get(name, 0.0)
        yield f"  {gap:+7.2f}  {FEATURES.get(name, name)}：{own:.2f}，对方 {other:.2f}"


def _where(account: Account) -> str:
    if account.place:
        return f"，第 {account.place} 名，概率 {_percent(account).strip()}"
    final = account.standing.get(StageName.FINAL, (0, 0.0))[0]
    return f"，第 {final} 名" if final else ""


def _rank(rank: int) -> str:
    return f"第 {rank} 名" if rank else "没有找到"


# ── for a script ─────────────────────────────────────────────────────────────────────────────────


def document(told: Explanation) -> dict[str, Any]:
    trace = told.trace
    return {
        "tokens": list(trace.tokens),
        "codes": list(trace.codes),
        "candidates": trace.candidates,
        "meaning_weight": round(trace.meaning_weight, 4),
        "trusted_from": trace.trusted_from,
        "calibration": trace.calibration,
        "cold_start": trace.cold_start,
        "took_ms": round(told.took_ms, 2),
        "stages": [_stage_document(stage, told) for stage in trace.stages],
        "refused": ["/".join(key) for key in told.refused],
        "features": {"/".join(key): dict(values) for key, values in trace.features.items()},
        "results": [_account_document(account) for account in told.shown],
        "why": [_account_document(account) for account in told.asked_about],
    }


def _stage_document(stage: Stage, told: Explanation) -> dict[str, Any]:
    ranking = [
        {"rank": rank, "key": "/".join(key), "ref": told.names.get(key, ("",))[0], "score": round(score, 6)}
        for rank, (key, score) in enumerate(stage.ranking, 1)
    ]
    return {"name": stage.name.value, "took_ms": round(stage.took_ms, 2), "ranking": ranking}


def _account_document(account: Account) -> dict[str, Any]:
    return {
        "key": "/".join(account.key),
        "ref": account.ref,
        "title": account.title,
        "fate": account.fate.value,
        "place": account.place or None,
        "probability": account.probability,
        "stages": {
            name.value: {"rank": rank or None, "score": round(score, 6)}
            for name, (rank, score) in account.standing.items()
        },
        "features": dict(account.features),
        "contributions": {name: round(value, 4) for name, value in account.contributions.items()},
    }
