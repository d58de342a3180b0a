"""What templates may call: names, times, safe Markdown, references."""

from __future__ import annotations

from flask import Flask

from portal.web import announcing, cross_links, labels, times


def register(app: Flask) -> None:
    environment = app.jinja_env
    environment.filters.update(
        label=labels.label,
        named=labels.named,
        t=labels.translated,
        marked=labels.marked,
        markdown=cross_links.rendered,
        plain=cross_links.spoken,
        moment=times.moment,
        promised=times.promised,
        day=times.day,
        dated=times.dated,
        full=times.full,
        on_day=times.on_day,
        duration=times.duration,
    )
    environment.globals.update(announcement_bar=announcing.announcement_bar)
    environment.globals.update(sub_label=labels.sub_label, options=labels.options)
