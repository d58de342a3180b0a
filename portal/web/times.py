"""Moments, days and working time as people here write them: 今天 14:20, 昨天 09:05, 11月3日."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from flask_babel import format_date, format_datetime, gettext, ngettext
from markupsafe import Markup

from portal.tickets.service_levels import DAY_MINUTES
from portal.web.request import parts


def moment(value: datetime | None) -> Markup:
    """A moment in words, the full one on hover and for machines."""
    if value is None:
        return Markup('<span class="text-secondary">—</span>')
    local = value.astimezone(parts().settings.zone)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        local.isoformat(timespec="minutes"), local.strftime("%Y-%m-%d %H:%M"), spoken(local)
    )


def promised(value: datetime) -> Markup:
    """When those affected hear again; a promise that was not kept is not repeated as if it were still one."""
    sentence = (
        gettext("下次更新 %(when)s") if value > datetime.now(UTC) else gettext("原定 %(when)s 更新，稍有延迟")
    )
    return Markup(sentence) % {"when": moment(value)}  # noqa: S704 - our own sentence


def spoken(local: datetime, today: date | None = None) -> str:
    """A local moment as a colleague would say it."""
    now = today or datetime.now(local.tzinfo).date()
    clock = local.strftime("%H:%M")
    if local.date() == now:
        return gettext("今天 %(clock)s", clock=clock)
    if local.date() == now - timedelta(days=1):
        return gettext("昨天 %(clock)s", clock=clock)
    if local.date() == now + timedelta(days=1):
        return gettext("明天 %(clock)s", clock=clock)
    return f"{day(local.date(), now)} {clock}"


def day(value: date | None, today: date | None = None) -> str:
    """A day: without the year in this one."""
    if value is None:
        return "—"
    if value.year == (today or date.today()).year:  # noqa: DTZ011 - only the year matters
        return format_date(value, gettext("M月d日"))
    return format_date(value, gettext("y年M月d日"))


def dated(value: date) -> str:
    """A day with its year whatever year it is: what is printed is read later, too."""
    return format_date(value, gettext("y年M月d日"))


def on_day(value: datetime) -> date:
    """The day that it was here; in Greenwich it may still have been the one before."""
    return value.astimezone(parts().settings.zone).date()


def full(value: datetime | None) -> str:
    """A moment written out, for print and export."""
    return format_datetime(value, "yyyy-MM-dd HH:mm") if value else ""


def duration(minutes: int, *, round_the_clock: bool = False) -> str:
    """Counted minutes in words; a working day has seven hours."""
    minutes = abs(minutes)
    day_minutes = 1440 if round_the_clock else DAY_MINUTES
    days, rest = divmod(minutes, day_minutes)
    hours, left = divmod(rest, 60)
    if days:
        unit = (
            gettext("%(n)s 天", n=days)
            if round_the_clock
            else ngettext("%(n)s 个工作日", "%(n)s 个工作日", days, n=days)
        )
        return unit + (" " + gettext("%(n)s 小时", n=hours) if hours else "")
    if hours:
        return gettext("%(n)s 小时", n=hours) + (" " + gettext("%(n)s 分", n=left) if left else "")
    return gettext("%(n)s 分", n=left)
