"""``create_app``: the only place where all parts meet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, redirect, request, session, url_for
from flask_babel import Babel, get_locale, gettext
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as BaseResponse

import portal
from indexer.choice import engine_named
from indexer.embedders import embedder_from
from indexer.index import Index
from portal import config
from portal.api import callers, problems
from portal.db import engine_for, sessions_of
from portal.finder import outbox
from portal.finder.find import Finder
from portal.people.models import Person
from portal.web import access, blueprints, expired, filters, refusals
from portal.web import request as requests
from portal.web.addresses import Number
from portal.web.letters import CleanRequest, Name
from portal.web.menu import entry_of, may_open, menu_for
from portal.web.sessions import DeskSessions

HERE = Path(portal.__file__).parent
CSRF = CSRFProtect()

#: What every answer carries. Scripts and styles come from this site alone; nothing inline runs.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def templates_folder() -> Path:
    """Beside the packages in a checkout, inside the portal in an installed wheel."""
    inside = HERE / "templates"
    return inside if inside.is_dir() else HERE.parent / "templates"


def create_app(
    settings: config.Settings, *, maker: sessionmaker[Session] | None = None, index: Index | None = None
) -> Flask:
    """The web application. Raises :class:`portal.config.BadSetting` or a clear error at the start."""
    config.ensure_folders(settings)
    app = Flask("tierdesk", template_folder=str(templates_folder()), static_folder=str(HERE / "static"))
    maker = maker or sessions_of(engine_for(settings.database_url))
    outbox.listen(maker)
    if index is None:
        words = engine_named(settings.lexical)
        index = Index.open(settings.index_dir, embedder=embedder_from(settings.encoder), words=words)
    app.extensions["tierdesk"] = requests.Parts(settings=settings, maker=maker, finder=Finder(index))
    _configure(app, settings, maker)
    _sign_in(app)
    _languages(app)
    access.everyone(app.view_functions["static"])  # style, script, pictures of the product itself
    app.url_map.converters.update(int=Number, default=Name, string=Name)  # before the first address with one
    app.request_class = CleanRequest
    blueprints.register(app)
    filters.register(app)
    refusals.register(app)
    expired.register(app)
    app.before_request(_gate)
    app.after_request(_harden)
    app.after_request(_note_token)
    app.after_request(requests.finish)  # the last one registered runs first
    app.teardown_request(requests.close)
    app.context_processor(_for_templates)
    if missing := access.unstated(app):
        raise RuntimeError(f"routes without a stated rule: {', '.join(missing)}")
    return app


def _configure(app: Flask, settings: config.Settings, maker: sessionmaker[Session]) -> None:
    app.config.update(
        SECRET_KEY=config.secret_of(settings),
        MAX_CONTENT_LENGTH=settings.upload_limit_mb * 1024 * 1024 * 5,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="tierdesk",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=settings.session_hours),
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session that it is bound to
        BABEL_DEFAULT_LOCALE=settings.locale,
        BABEL_DEFAULT_TIMEZONE=settings.time_zone,
        BABEL_TRANSLATION_DIRECTORIES=str(HERE / "translations"),
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.session_interface = DeskSessions(app, maker)
    if settings.secure_cookies:
        # Behind TLS there is a proxy in front; trust exactly one.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    CSRF.init_app(app)


def _sign_in(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # behind a proxy farm the address changes; the cookie is the proof
    manager.init_app(app)
    manager.request_loader(callers.person_of_token)

    @manager.user_loader
    def load(person_id: str) -> Person | None:
        person = requests.db().get(Person, int(person_id))
        return person if person is not None and person.active else None


def _languages(app: Flask) -> None:
    def locale() -> str:
        chosen = session.get("locale")
        if chosen:
            return str(chosen)
        person = requests.person_or_none()
        return (person.locale if person else "") or str(app.config["BABEL_DEFAULT_LOCALE"])

    Babel(app, locale_selector=locale)


def _gate() -> BaseResponse | None:
    """The one gate: no route is entered past it."""
    if request.endpoint is None or request.endpoint == "static":
        return None
    rule = access.rule_of(portal_app(), request.endpoint, request.method)
    person = None if rule is not None and rule.public else requests.person_or_none()
    if rule is not None and rule.admits(person):
        return None
    if request.method == "OPTIONS":
        return None
    if person is None and problems.wanted():
        return problems.problem(401, gettext("请先登录"), gettext("请带上令牌或先登录。"))
    if person is None:
        target = request.full_path.rstrip("?") if request.method == "GET" else "/"
        if refusals.is_fragment():
            return Response(status=401, headers={"HX-Redirect": expired.sign_in_again()})
        return redirect(url_for("auth.sign_in", next=target))
    raise NotFound


def portal_app() -> Flask:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]


def _harden(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=86400"
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _note_token(response: Response) -> Response:
    callers.note_use()
    return response


def _for_templates() -> dict[str, Any]:
    person = requests.person_or_none()
    menu = menu_for(person)
    theme = session.get("theme") or (person.theme if person else "") or "auto"
    return {
        "me": person,
        "menu": menu,
        "menu_here": lambda: entry_of(request.path, menu),
        "may_open": lambda endpoint: may_open(person, endpoint),
        "locale": str(get_locale()),
        "theme": theme,
        "company": requests.parts().settings.company,
        "t": gettext,
        "g": g,
    }
