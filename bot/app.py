"""The web process: routes, error pages, health and metrics. Nothing connects until a request needs it."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

import inbox
from bot import attachments, demo, webchat, webhooks
from bot.compose import Service
from bot.errors import ServiceError
from bot.logs import configure, logger
from bot.metrics import HTTP_ERRORS
from bot.mongo import PyMongoError

FORWARDED = {"X-Forwarded-For", "Forwarded", "Via"}
# For answers that bring no policy of their own: to programs, and the widget's script, which other sites may load.
FOR_PROGRAMS = "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

log = logger(__name__)


def create_app(service: Service) -> Flask:
    configure()
    app = Flask("teller", root_path=str(Path(__file__).parent), static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = None
    app.extensions["teller"] = service
    if hops := service.settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    _harden(app, service.settings.public_url.startswith("https://"))
    for machines in (webhooks.blueprint(service.intake), webchat.blueprint(service.webchat)):
        _answer_errors_in_json(machines)
        app.register_blueprint(machines)
    if not service.settings.production:
        app.register_blueprint(demo.blueprint(service.accounts, service.settings))
    _add_health(app, service)
    app.register_blueprint(attachments.blueprint(service.console.attachments.opened))
    inbox.register(app, service.console)
    return app


def _harden(app: Flask, https: bool) -> None:
    @app.after_request
    def everywhere(response: Response) -> Response:
        """Runs last, as it is registered first: whoever set these headers knew better."""
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Content-Security-Policy", FOR_PROGRAMS)
        if https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        return response


def _add_health(app: Flask, service: Service) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(ok=True)

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Serving needs MongoDB; without Redis events are still taken and answered later."""
        servers = {"mongodb": True, "redis": True}
        try:
            service.mongo.ping()
        except PyMongoError:
            servers["mongodb"] = False
        try:
            service.queue.redis.ping()
        except RedisError:
            servers["redis"] = False
        return jsonify(ok=all(servers.values()), **servers), 200 if servers["mongodb"] else 503

    @app.get("/metrics")
    def metrics() -> Response:
        # What comes through a proxy on this machine has a loopback address too, and says for whom it came.
        direct = request.remote_addr in ("127.0.0.1", "::1") and not FORWARDED & set(request.headers.keys())
        if service.settings.production and not direct:
            abort(404)
        registry = PROCESS_REGISTRY
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _answer_errors_in_json(routes: Blueprint) -> None:
    """For machines; pages for people come from the console's own handlers."""

    def answer(status: int, sentence: str) -> Response:
        HTTP_ERRORS.labels(str(status)).inc()
        response = jsonify(error=sentence)
        response.status_code = status
        if status == 503:
            response.headers["Retry-After"] = "2"
        return response

    def refused(error: ServiceError) -> Response:
        return answer(error.http_status, str(error))

    def away(error: PyMongoError) -> Response:
        log.warning("mongodb_away", error=type(error).__name__, path=request.path)
        return answer(503, "The database is away; try again in a moment.")

    def http(error: HTTPException) -> Response:
        return answer(error.code or 500, error.description or error.name)

    def broken(_error: Exception) -> Response:
        log.exception("request_failed", path=request.path)
        return answer(500, "Something failed on our side; it is in the log.")

    routes.register_error_handler(ServiceError, refused)
    routes.register_error_handler(PyMongoError, away)
    routes.register_error_handler(HTTPException, http)
    routes.register_error_handler(Exception, broken)
