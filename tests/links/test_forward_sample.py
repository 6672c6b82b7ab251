"""The receiver that docs/how-to/forward-events.md shows takes what is signed, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from security_service.domain.forwarding_ports import Delivered, NotDelivered
from security_service.domain.secret import Secret
from security_service.links.http_link import HttpLink
from security_service.links.webhook_link import BodyForm, WebhookLink, WebhookSigner
from tests.e2e.waiting import wait_for
from tests.house_rules.tree import ROOT
from tests.links.test_syslog_link import events, free_port

PAGE = ROOT / "docs" / "how-to" / "forward-events.md"
KEY = "the text of the key, at length"


def link(port: int, key: str, now_s: float) -> WebhookLink:
    signer = WebhookSigner((Secret(key),))
    return WebhookLink(
        HttpLink(f"http://127.0.0.1:{port}"), signer, BodyForm.LINES, lambda: round(now_s * 1000)
    )


@contextmanager
def sample(folder: Path, port: int) -> Iterator[Path]:
    """Run the page's code; gives the file that it prints to."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    code = found[1].replace("the text of the key", KEY).replace("8000", str(port))
    assert code.count(KEY) == 1
    (folder / "sample.py").write_text(code, encoding="utf-8")
    printed = folder / "printed"
    command = [sys.executable, "-u", str(folder / "sample.py")]
    with (
        printed.open("w") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL) as one,
    ):
        try:
            yield printed
        finally:
            one.kill()


def test_the_page_shows_a_receiver_that_works(tmp_path: Path) -> None:
    port, now = free_port(), time.time()
    ours = link(port, KEY, now)
    with sample(tmp_path, port) as printed:
        wait_for("the receiver", lambda: ours.deliver(events(0)) == Delivered(1))
        assert ours.deliver(events(0, 1, 2)) == Delivered(3)
        assert link(port, KEY + "x", now).deliver(events(3)) == NotDelivered("http_401")
        assert link(port, KEY, now - 400).deliver(events(3)) == NotDelivered("http_401")
        assert ours.deliver(events(3)) == Delivered(1)
        lines = printed.read_text().splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["mode_set"] * 4
