"""Working hours and days of one's own as people write them: read into values, written back out. Pure.

``8:30-12:00 14:00-17:30`` is a day; ``2026-07-15 休 台风停工`` is an exception. The invariant: what is
written out reads back as the same value, and what can't be read is refused with the line that is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from indexer.words import N_
from kb.flow import Refused
from portal.tickets.working_calendar import FREE, Hours

OFF = N_("休")
LONGEST_SPAN = 60
MOST_DAYS = 400
NAME_LIMIT = 60
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|–|—|~|～|至|到)\s*(\d{1,2}):(\d{2})")
_DAYS = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})(?:\s*(?:~|～|至|到)\s*(\d{4}-\d{1,2}-\d{1,2}))?\s+(.*)")
_OFF_WORDS = ("休息", "休", "off", "放假")


@dataclass(frozen=True, slots=True)
class OwnDay:
    """A day on which a unit works otherwise."""

    day: date
    hours: Hours
    name: str = ""


def hours_of(text: str) -> Hours:
    """The spans of one day; nothing, or the word for it, is a day off."""
    plain = text.replace("：", ":").strip()
    if not plain or plain.lower() in _OFF_WORDS:
        return FREE
    spans = tuple((_minutes(a, b), _minutes(c, d)) for a, b, c, d in _SPAN.findall(plain))
    left = re.sub(r"[\s,，、;；]", "", _SPAN.sub("", plain))
    if left or not spans:
        raise Refused(
            N_("看不懂时间“%(typed)s”，请写成 8:30-12:00 14:00-17:30，休息就写“休”。"), typed=text.strip()
        )
    _check_order(spans, text)
    return spans


def _minutes(hours: str, minutes: str) -> int:
    if int(minutes) > 59 or int(hours) * 60 + int(minutes) > 1440:
        raise Refused(N_("没有“%(clock)s”这个时刻。"), clock=f"{hours}:{minutes}")
    return int(hours) * 60 + int(minutes)


def _check_order(spans: Hours, text: str) -> None:
    ends = 0
    for opening, closing in spans:
        if closing <= opening:
            raise Refused(
                N_("“%(typed)s”的结束不晚于开始；跨夜的班请分成两天写，24:00 之前和 0:00 之后。"),
                typed=text.strip(),
            )
        if opening < ends:
            raise Refused(N_("“%(typed)s”里的时间段有重叠或次序颠倒。"), typed=text.strip())
        ends = closing


def written(hours: Hours) -> str:
    """As ``hours_of`` reads it."""
    return " ".join(f"{_clock(opening)}-{_clock(closing)}" for opening, closing in hours) or OFF


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


def own_days_of(text: str) -> tuple[OwnDay, ...]:
    """One exception a line: the day or the span of days, off or its hours, what it is for."""
    found: dict[date, OwnDay] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        for own in _line(line, number) if line.strip() else ():
            if own.day in found:
                raise Refused(
                    N_("第 %(line)s 行：%(day)s 已经写过了。"), line=number, day=own.day.isoformat()
                )
            found[own.day] = own
    if len(found) > MOST_DAYS:
        raise Refused(N_("例外日期太多了，最多 %(most)s 天。"), most=MOST_DAYS)
    return tuple(found[day] for day in sorted(found))


def _line(line: str, number: int) -> list[OwnDay]:
    read = _DAYS.fullmatch(line.strip() + " ")
    if read is None:
        raise Refused(
            N_("第 %(line)s 行看不懂，请写成“2026-07-15 休 台风停工”或“2026-07-18 8:30-12:00 补班”。"),
            line=number,
        )
    first = _day(read[1], number)
    last = _day(read[2], number) if read[2] else first
    if not first <= last <= first + timedelta(days=LONGEST_SPAN):
        raise Refused(
            N_("第 %(line)s 行：日期范围要从早到晚，最多 %(most)s 天。"), line=number, most=LONGEST_SPAN
        )
    hours, name = _rest(read[3], number)
    return [OwnDay(first + timedelta(days=k), hours, name) for k in range((last - first).days + 1)]


def _day(text: str, number: int) -> date:
    year, month, day = (int(part) for part in text.split("-"))
    try:
        return date(year, month, day)
    except ValueError as wrong:
        raise Refused(N_("第 %(line)s 行：没有 %(day)s 这一天。"), line=number, day=text) from wrong


def _rest(text: str, number: int) -> tuple[Hours, str]:
    plain = text.replace("：", ":").strip()
    word = next((word for word in _OFF_WORDS if plain.lower().startswith(word)), "")
    if word:
        return FREE, plain[len(word) :].strip()[:NAME_LIMIT]
    spans = list(_SPAN.finditer(plain))
    if not spans:
        raise Refused(N_("第 %(line)s 行：日期后面请写“休”或时间段，例如 8:30-12:00。"), line=number)
    return hours_of(plain[: spans[-1].end()]), plain[spans[-1].end() :].strip()[:NAME_LIMIT]


def days_written(days: tuple[OwnDay, ...]) -> str:
    """As ``own_days_of`` reads it."""
    return "\n".join(f"{own.day.isoformat()} {written(own.hours)} {own.name}".rstrip() for own in days)
