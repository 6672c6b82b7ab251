"""The web server's settings with their reasons; leaves what is served to `create_app`.

Measured on two cores; the numbers and how to repeat them are in the bench (`make bench`).
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Any, Final
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from security_service.config.classes import Settings, WebSettings

COLLECTED_AFTER: Final = 10_000
"""Objects more than there were, after which the collector looks at the new ones; the default is 700."""
SECONDS_TO_END: Final = 15
"""A call may take its tenant's whole deadline (10 s by default), and is let end."""
HEADER_MILLISECONDS: Final = 10_000
"""A slow sender of headers must not hold a connection for long; the server's default is 30 s."""


def server_options(web: WebSettings) -> dict[str, Any]:
    """Give the arguments of the server."""
    return {
        "address": web.host,
        "port": web.port,
        # WSGI with threads: every library works as it is, and a thread that waits costs little.
        "interface": Interfaces.WSGI,
        "workers": web.workers,
        # What bounds the calls in flight: each waits in a thread of its own for store and provider. Under 8
        # the store's group commit is lost; 16 do for 64 connections to a fast provider, a slow one needs
        # hundreds. They start on demand and end when idle.
        "blocking_threads": web.threads,
        # Connections that wait in the kernel: a burst is queued rather than refused.
        "backlog": web.backlog,
        # Requests that a worker accepts before it stops accepting; never fewer than its threads could do.
        "backpressure": max(web.threads, web.backlog // web.workers),
        # The faces speak HTTP/1.1; websockets and HTTP/2 would only be attack surface.
        "http": HTTPModes.http1,
        "websockets": False,
        "http1_settings": HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        # A worker that died is replaced; one that dies again at once ends the server with an error.
        "respawn_failed_workers": True,
        "workers_kill_timeout": SECONDS_TO_END,
        # No access log: paths of the management API hold numbers. The service logs what it decides.
        "log_access": False,
        # Its warnings are advice on the number of threads, which is ours to choose.
        "log_level": LogLevels.error,
    }


def serve_web(settings: Settings, make_app: Callable[[Settings], WSGIApplication]) -> None:
    """Serve until SIGINT or SIGTERM; each worker process makes its own application."""
    server = Granian("security_service", **server_options(settings.web))
    server.serve(target_loader=partial(_load, settings, make_app), wrap_loader=False)


def _load(settings: Settings, make_app: Callable[[Settings], WSGIApplication]) -> WSGIApplication:
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="end-with-parent", daemon=True).start()
    # With hundreds of threads that mostly wait, frequent switching costs more than it gives.
    sys.setswitchinterval(settings.web.switch_interval_s)
    app = make_app(settings)
    # What is there now stays, and going through it took the collector 30 ms each time. What requests
    # leave behind is little and young, so that it need not be looked for after every few of them.
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)
    return app


def _end_with(parent: BaseProcess) -> None:
    """End this worker when the server that started it is gone, killed or not; else it would hold the port."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
