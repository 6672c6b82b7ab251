"""Every answer of the two-factor face as it goes over the wire, for golden files."""

from __future__ import annotations

from collections.abc import Iterator

from werkzeug.test import TestResponse

from security_service.usecases.answers import Answered, BadMember, IdempotencyConflict, OperationResult
from tests.web.rig import KEY, WebRig

SHOWN_HEADERS = ("Content-Type", "Retry-After", "X-Etalon-Verdict", "Allow")
BODY = b'{"DestinationNumber":"79161112211","Code":"17565"}'

GENERATE_ANSWERS: tuple[OperationResult, ...] = (
    Answered(0, "sent"),
    Answered(1, "unknown_key"),
    Answered(2, "invalid_number"),
    Answered(3, "limit_sends_minute", retry_after_s=42),
    Answered(4, "store_unavailable"),
    Answered(5, "no_gateway"),
    Answered(6, "sim_changed", "deny"),
    Answered(7, "code_exists", retry_after_s=17),
)
CHECK_ANSWERS: tuple[OperationResult, ...] = (
    Answered(0, "valid"),
    Answered(1, "unknown_key"),
    Answered(2, "invalid_number"),
    Answered(3, "locked", retry_after_s=300),
    Answered(4, "store_unavailable"),
    Answered(5, "wrong"),
    Answered(6, "expired"),
)
REFUSALS: tuple[OperationResult, ...] = (
    BadMember("Amount", "Amount and Currency come together"),
    IdempotencyConflict(),
)


def transcript(operation: str, name: str) -> bytes:
    """Everything that an operation can answer in a format: documented codes, then faults of the request."""
    return b"\n\n".join(_shown(response) for response in _responses(operation, f"/{name}/reply/{operation}"))


def _responses(operation: str, path: str) -> Iterator[TestResponse]:
    rig = WebRig()
    answers = GENERATE_ANSWERS if operation == "GenerateCode" else CHECK_ANSWERS
    headers = {"X-ApiKey": KEY}

    def post(body: bytes = BODY, content_type: str = "application/json", **more: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return rig.client.post(path, data=body, content_type=content_type, headers={**headers, **named})

    for result in (*answers, *REFUSALS):
        rig.operations.result = result
        yield post()
    yield post(b"{")
    yield post(content_type="image/png")
    yield post(b" " * (64 * 1024 + 1))
    yield post(Idempotency_Key="two words")
    yield rig.client.get(path)


def _shown(response: TestResponse) -> bytes:
    shown = [f"{name}: {response.headers[name]}" for name in SHOWN_HEADERS if name in response.headers]
    head = "\n".join([f"HTTP {response.status_code}", *shown, "", ""])
    return head.encode() + response.get_data()
