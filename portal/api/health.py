"""``/healthz`` (the process), ``/readyz`` (database, index, worker), ``/metrics`` (Prometheus).

They answer anybody who reaches them, so they say nothing about people or texts.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, jsonify
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from indexer.choice import advice
from portal.delivery.figures import standing
from portal.finder import serving
from portal.finder.consumer import lag
from portal.web.access import everyone
from portal.web.request import db, parts

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@everyone
def alive() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@everyone
def ready() -> tuple[Response, int]:
    """Can the desk be used? Degraded search is told but doesn't make it unready; a lost database does."""
    try:
        db().execute(text("SELECT 1"))
        waiting = lag(db())
    except SQLAlchemyError:
        return jsonify(status="unavailable", database="unavailable"), 503
    finder = parts().finder
    index = finder.index.status()
    body: dict[str, Any] = {
        "status": "ok",
        "database": "ok",
        "index": {
            "mode": index.mode,
            "documents": index.documents,
            "generation": index.generation,
            "encoder": index.encoder,
            "words": index.words,
            "advice": advice(index),
            "needs_rebuild": index.needs_rebuild,
            "without_vectors": index.without_vectors,
        },
        "calibration": {
            "search": asdict(serving.of_search(finder.index)),
            "links": asdict(serving.of_links(finder.index)),
            "encoder": asdict(turned) if (turned := serving.of_encoder(finder.index)) else None,
        },
        "worker": {
            "waiting": waiting.waiting,
            "oldest": waiting.oldest.isoformat() if waiting.oldest else None,
            "set_aside": waiting.set_aside,
            "beat": waiting.beat_at.isoformat() if waiting.beat_at else None,
        },
    }
    return jsonify(body), 200


@blueprint.get("/metrics")
@everyone
def metrics() -> Response:
    """Gauges read at the moment of asking; no counters are kept between processes."""
    registry = CollectorRegistry()
    waiting, index = lag(db()), parts().finder.index.status()
    for name, meaning, value in (
        ("tierdesk_outbox_waiting", "Changes the index has not seen yet", waiting.waiting),
        ("tierdesk_outbox_set_aside", "Changes that failed five times", waiting.set_aside),
        ("tierdesk_index_documents", "Documents in the index", index.documents),
        ("tierdesk_index_without_vectors", "Documents found by words alone so far", index.without_vectors),
    ):
        Gauge(name, meaning, registry=registry).set(value or 0)
    post = Gauge(
        "tierdesk_deliveries", "Mails and robot messages by status", ("channel", "status"), registry=registry
    )
    for (channel, status), count in standing(db()).items():
        post.labels(channel, status).set(count)
    answering = Gauge("tierdesk_index_serves", "What answers searches", ("mode", "words"), registry=registry)
    answering.labels(index.mode, index.words).set(1)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
