"""Runs the sandbox operator under its production server; leaves the command line to `__main__`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from functools import partial
from multiprocessing.process import BaseProcess
from typing import Final

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from security_service.sandbox.app import create_app
from security_service.sandbox.guard import refuse_unless_loopback
from security_service.sandbox.settings import SandboxSettings

_SECONDS_TO_END: Final = 5


class PortTakenError(Exception):
    """Something else listens on the port."""


def serve(settings: SandboxSettings, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; the handsets live in one worker process of this one.

    One worker, since the state is in memory. No access log, since the protocols carry passwords
    and numbers in the query. Raises NotLoopbackError, PortTakenError, StateFileError.
    """
    refuse_unless_loopback(host)
    address = "127.0.0.1" if host.lower() == "localhost" else host.strip("[]")
    _refuse_taken_port(address, port)
    create_app(settings)
    server = Granian(
        "security_service.sandbox",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=1,
        blocking_threads=settings.threads,
        workers_kill_timeout=_SECONDS_TO_END,
        log_level=LogLevels.error,
        log_access=False,
    )
    server.serve(target_loader=partial(_load, settings), wrap_loader=False)


def _load(settings: SandboxSettings) -> Flask:
    """Make the application in the worker, which ends when the process that started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return create_app(settings)


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _refuse_taken_port(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise PortTakenError(f"port {port} on {address} is taken: {error.strerror}") from None
