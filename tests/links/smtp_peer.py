"""A small SMTP server on loopback whose answers, silences and breaches of the protocol a test writes down."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

DRIP_EVERY_S = 0.02
SILENCE = "silence"
HANG_UP = "hang up"
DRIP = "drip"


@dataclass
class SmtpScript:
    """What is answered to each verb; `offers` are the lines of EHLO beside the greeting.

    An answer is the line or lines as they are, or one of SILENCE, HANG_UP and DRIP. `.` is what
    follows the letter, `greeting` what comes first. `tls` is for STARTTLS, or from the beginning
    with `tls_at_once`; `whispers` is said in the clear after the answer to STARTTLS.
    """

    answers: dict[str, str] = field(default_factory=dict)
    offers: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN LOGIN", "8BITMIME")
    tls: ssl.SSLContext | None = None
    tls_at_once: bool = False
    whispers: str = ""

    def answer(self, verb: str) -> str:
        usual = {
            "greeting": "220 mail.client.example ESMTP",
            "EHLO": "\r\n".join(
                ["250-mail.client.example", *(f"250-{one}" for one in self.offers), "250 HELP"]
            ),
            "HELO": "250 mail.client.example",
            "STARTTLS": "220 go ahead",
            "AUTH": "235 2.7.0 accepted",
            "MAIL": "250 2.1.0 ok",
            "RCPT": "250 2.1.5 ok",
            "DATA": "354 go ahead",
            ".": "250 2.0.0 queued as 7F00",
            "QUIT": "221 bye",
        }
        return self.answers.get(verb, usual.get(verb, "500 what?"))


class SmtpPeer:
    """Serves a script on 127.0.0.1; `lines` is what it was told, `letters` what it was given."""

    def __init__(self, script: SmtpScript) -> None:
        self.script = script
        self.lines: list[str] = []
        self.letters: list[bytes] = []
        self.over_tls: list[bool] = []
        """For each line whether it came over TLS."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._stop = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for opened in self._open:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()

    def _start(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(accepted)
            self._start(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        spoken: socket.socket = accepted
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(accepted.close)
            if self.script.tls_at_once and self.script.tls is not None:
                spoken = stack.enter_context(self._wrapped(accepted))
            stream = stack.enter_context(spoken.makefile("rb"))
            if not self._say(spoken, "greeting"):
                return
            while line := stream.readline():
                verb = line.decode("latin-1").strip().partition(" ")[0].upper()
                self.lines.append(line.decode("latin-1").rstrip("\r\n"))
                self.over_tls.append(isinstance(spoken, ssl.SSLSocket))
                if not self._say(spoken, verb):
                    return
                if verb == "DATA" and self.script.answer(verb).startswith("354"):
                    self.letters.append(b"".join(iter(stream.readline, b".\r\n")))
                    if not self._say(spoken, "."):
                        return
                if verb == "STARTTLS" and self.script.tls is not None:
                    spoken = stack.enter_context(self._wrapped(spoken))
                    stream = stack.enter_context(spoken.makefile("rb"))

    def _wrapped(self, plain: socket.socket) -> ssl.SSLSocket:
        assert self.script.tls is not None
        wrapped = self.script.tls.wrap_socket(plain, server_side=True)
        self._open.append(wrapped)
        return wrapped

    def _say(self, spoken: socket.socket, verb: str) -> bool:
        answer = self.script.answer(verb)
        match answer:
            case "silence":
                self._stop.wait()
                return False
            case "hang up":
                return False
            case "drip":
                while not self._stop.wait(DRIP_EVERY_S):
                    spoken.sendall(b"2")
                return False
            case _:
                whispers = self.script.whispers if verb == "STARTTLS" else ""
                spoken.sendall(f"{answer}\r\n{whispers}".encode())
                return True
