"""Bodies and headers bad in every way: always an envelope with a code above 99, never a fault of ours."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, TestResponse

from tests.web.rig import KEY, WebRig
from tests.web.test_devino_requests import BODIES, FORMATS, NUMBER, OPERATIONS


def _code(response: TestResponse) -> int:
    return int(json.loads(response.data)["Code"])


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b"{}{}"),
        ("application/json", b"\xff\xfe{"),
        ("application/json", b'{"DestinationNumber":"\0"}'),
        ("application/json", b'{"DestinationNumber":"\\u0000"}'),
        ("application/json", b'{"DestinationNumber":"\\ud800"}'),
        ("application/json", b'{"DestinationNumber":["7"]}'),
        ("application/json", b'{"DestinationNumber":"7","destinationnumber":"8"}'),
        ("application/json", b"[" * 60_000),
        ("application/json", b'{"a":' * 10_000),
        ("application/json", b'{"DestinationNumber":NaN}'),
        ("application/xml", b"<GenerateCode>"),
        ("application/xml", b'<!DOCTYPE a [<!ENTITY x "y">]><GenerateCode>&x;</GenerateCode>'),
        ("application/xml", b"<a>" * 9_000),
        ("application/xml", b"<Other/>"),
        ("application/jsv", b"{DestinationNumber:"),
        ("application/jsv", b"{" * 60_000),
        ("text/csv", b"a,b\r\n1\r\n"),
        ("text/csv", b'"'),
        ("application/x-www-form-urlencoded", b"&&&=%ff"),
        ("multipart/form-data", b"--x--"),
        ("image/png", b"\x89PNG"),
        ("", b"plain"),
        ("application/json; charset=utf-16", '{"DestinationNumber":"7"}'.encode("utf-16")),
    ],
)
def test_a_body_that_cannot_be_read_is_a_fault_with_a_code_above_99(
    operation: str, content_type: str, body: bytes
) -> None:
    rig = WebRig()
    response = rig.client.post(
        f"/json/reply/{operation}", data=body, content_type=content_type, headers={"X-ApiKey": KEY}
    )
    assert response.status_code == 400
    assert _code(response) > 99
    assert json.loads(response.data)["Description"]
    assert rig.operations.generated + rig.operations.checked == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_body_over_64_kib_is_413_in_the_asked_format(name: str) -> None:
    response = WebRig().client.post(
        f"/{name}/reply/CheckCode",
        data=b"x" * (64 * 1024 + 1),
        content_type=BODIES[name][0],
        headers={"X-ApiKey": KEY},
    )
    assert response.status_code == 413
    assert response.headers["Content-Type"].startswith(BODIES[name][0])
    assert b"64 KiB" in response.data


class _Counted(BytesIO):
    """A body that tells how much of it was taken."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        self.taken += len(part)
        return part

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]  # the stubs' buffer is wider
        count = super().readinto(buffer)
        self.taken += count
        return count


def _raw(rig: WebRig, stream: BytesIO, **environ: object) -> tuple[str, bytes]:
    """Call the application below the test client, which would state the length itself."""
    builder = EnvironBuilder(
        path="/GenerateCode", method="POST", content_type="application/json", headers=[("X-ApiKey", KEY)]
    )
    full: dict[str, object] = {**builder.get_environ(), "wsgi.input": stream, **environ}
    if "CONTENT_LENGTH" not in environ:
        full.pop("CONTENT_LENGTH", None)
    told: list[str] = []
    body = b"".join(rig.app(full, lambda status, *_rest: told.append(status)))  # type: ignore[arg-type]  # nothing writes through it
    return told[0], body


def test_a_body_that_states_too_much_is_not_read_at_all() -> None:
    stream = _Counted(b" " * 1_000_000)
    status, body = _raw(WebRig(), stream, CONTENT_LENGTH="1000000")
    assert status.startswith("413")
    assert b'"106"' in body
    assert stream.taken == 0


def test_a_chunked_body_is_read_no_further_than_is_allowed() -> None:
    stream = _Counted(b" " * 1_000_000)
    status, body = _raw(WebRig(), stream, **{"wsgi.input_terminated": True})
    assert status.startswith("413")
    assert b'"106"' in body
    assert stream.taken <= 64 * 1024 + 1


def test_a_chunked_body_of_a_fit_size_is_read() -> None:
    rig = WebRig()
    stream = BytesIO(json.dumps({"DestinationNumber": NUMBER}).encode())
    status, _ = _raw(rig, stream, **{"wsgi.input_terminated": True})
    assert status.startswith("200")
    assert rig.operations.generated[0].request.number == NUMBER


def test_a_body_that_ends_early_is_a_fault() -> None:
    status, body = _raw(WebRig(), BytesIO(b'{"Dest'), CONTENT_LENGTH="500")
    assert status.startswith("400")
    assert b'"123"' in body


_TYPES = st.sampled_from(
    [*(content_type for content_type, _ in BODIES.values()), "", "text/plain", "multipart/form-data"]
) | st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
_BODIES = (
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text('{}[]<>",:=&\\/u0\r\n DestinationNumber', max_size=100).map(str.encode)
)


@settings(max_examples=300, deadline=None)
@given(
    operation=st.sampled_from(OPERATIONS), content_type=_TYPES, body=_BODIES, asked=st.sampled_from(FORMATS)
)
def test_whatever_the_body_the_answer_is_200_or_400_in_the_asked_format(
    operation: str, content_type: str, body: bytes, asked: str
) -> None:
    response = _RIG.client.post(
        f"/{asked}/reply/{operation}", data=body, content_type=content_type, headers={"X-ApiKey": KEY}
    )
    assert response.status_code in {200, 400}
    assert response.headers["Content-Type"].startswith(BODIES[asked][0])


_RIG = WebRig()


@settings(max_examples=200, deadline=None)
@given(
    headers=st.dictionaries(
        st.sampled_from(
            ["Accept", "Authorization", "X-ApiKey", "Idempotency-Key", "X-Request-Id", "X-Forwarded-For"]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60),
    ),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
)
def test_whatever_headers_and_query_say_the_answer_is_an_envelope(
    headers: dict[str, str], query: str
) -> None:
    response = _RIG.client.post(f"/GenerateCode?{query}", data=b"{}", headers=headers)
    assert response.status_code in {200, 400}
    assert response.mimetype in {content_type for content_type, _ in BODIES.values()}
