"""Messages through rsyslog from Debian, which reads them and tells them on to a strict receiver."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from security_service.domain.forwarded_syslog import as_cef, as_syslog
from security_service.domain.forwarding_ports import Delivered
from security_service.links.syslog_link import SyslogLink, SyslogProtocol
from security_service.links.syslog_link import SyslogReceiver as Target
from tests.domain.strict_syslog import read_cef
from tests.e2e.processes import free_port
from tests.e2e.waiting import wait_for
from tests.links.syslog_receiver import SyslogReceiver
from tests.links.test_http_tls import Certificate
from tests.links.test_syslog_link import events

PROGRAM = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
TLS = list(Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so"))

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="speaks with rsyslog: apt-get install rsyslog")

INPUTS = {
    "tcp": 'module(load="imtcp")\ninput(type="imtcp" address="127.0.0.1" port="{port}")',
    "udp": 'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{port}")',
    "tls": (
        'module(load="imtcp" streamdriver.name="ossl" streamdriver.mode="1" streamdriver.authmode="anon")\n'
        'input(type="imtcp" address="127.0.0.1" port="{port}")'
    ),
}
CONFIGURATION = """\
global(workDirectory="{folder}" defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{ca}"
       defaultNetstreamDriverKeyFile="{key}")
{input}
template(name="anew" type="string"
         string="<%PRI%>1 %TIMESTAMP:::date-rfc3339,date-utc% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% \
%STRUCTURED-DATA% %msg%")
action(type="omfwd" target="127.0.0.1" port="{back}" protocol="tcp" TCP_Framing="octet-counted"
       template="anew")
"""


@contextmanager
def rsyslog(protocol: str, certificate: Certificate, folder: Path, back: int) -> Iterator[int]:
    """Run rsyslog; gives the port that it listens on."""
    port = free_port()
    configuration = folder / "rsyslog.conf"
    configuration.write_text(
        CONFIGURATION.format(
            folder=folder,
            ca=certificate.ca_file,
            key=certificate.ca_file.with_suffix(".key"),
            input=INPUTS[protocol].format(port=port),
            back=back,
        )
    )
    command = [str(PROGRAM), "-n", "-f", str(configuration), "-i", str(folder / "pid")]
    with subprocess.Popen(command) as process:
        try:
            yield port
        finally:
            process.kill()


@pytest.mark.parametrize("protocol", ["tcp", "udp", "tls"])
def test_rsyslog_reads_what_is_sent_and_tells_it_on(protocol: str, tmp_path: Path) -> None:
    if protocol == "tls" and not TLS:
        pytest.skip("rsyslog speaks no TLS here: apt-get install rsyslog-openssl")
    certificate = Certificate(tmp_path, "127.0.0.1")
    with SyslogReceiver() as receiver, rsyslog(protocol, certificate, tmp_path, receiver.port) as port:
        target = Target("127.0.0.1", port, SyslogProtocol(protocol), ca_file=str(certificate.ca_file))
        with (
            closing(SyslogLink(target, as_syslog, facility=13)) as one,
            closing(SyslogLink(target, as_cef, facility=16)) as other,
        ):
            # A datagram to nobody is lost untold, so it is sent until one comes through.
            wait_for("rsyslog", lambda: one.deliver(events(0)) == Delivered(1) and receiver.messages)
            assert one.deliver(events(1, 2, 3)) == Delivered(3)
            receiver.wait_for_leaf(3)
            assert other.deliver(events(4)) == Delivered(1)
            wait_for("the message of CEF", lambda: receiver.messages[-1].text.startswith(b"CEF:"))
    assert receiver.faults == []
    told = [message for message in receiver.messages if message.data]
    assert list(dict.fromkeys(int(one.data["etalon@32473"]["leaf"]) for one in told)) == [0, 1, 2, 3]
    message = told[-1]
    assert (message.pri, message.app, message.msgid) == (13 * 8 + 5, "etalon", "mode_set")
    assert message.at.startswith("2023-11-14T22:13:20.003")
    assert message.marked
    assert json.loads(message.text) == dict(events(3)[0].told)
    assert read_cef(receiver.messages[-1].text.decode()).pairs["cn1"] == "4"
