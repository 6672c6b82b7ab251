"""The two-factor face that banks know (Devino manual, chapter 18): decode, one use case, encode."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from pathlib import PurePath
from typing import Final, assert_never

import structlog
from flask import Blueprint, Response, g, request
from flask.globals import request_ctx
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import HTTPException, MethodNotAllowed, RequestEntityTooLarge

from security_service.domain.errors import StoreUnavailable
from security_service.domain.tenants import CodeType, MemberCase, Tenant
from security_service.usecases.answers import Answered, BadMember, IdempotencyConflict, OperationResult
from security_service.usecases.check_code import CheckCodeRequest
from security_service.usecases.generate_code import GenerateCodeRequest
from security_service.usecases.intake import Request
from security_service.web.callers import (
    ClientAddresses,
    Environ,
    api_key,
    given_request_id,
    idempotency_key,
)
from security_service.web.devino_words import (
    ANSWERS,
    FACE_SENTENCES,
    INTERNAL,
    UNKNOWN_KEY,
    FaceFault,
    FaceRefusal,
)
from security_service.web.secured_response import SecuredResponse
from security_service.web.services import WebServices
from security_service.web.wire import messages
from security_service.web.wire.codec import Codec, RequestCodec, check_body_size
from security_service.web.wire.faults import FAULT_SENTENCES, FaultCode, WireFault
from security_service.web.wire.messages import Answer, AnswerStyle, OperationName
from security_service.web.wire.negotiation import Asked, answer_codec, request_codec

BLUEPRINT: Final = "devino"

_PLAIN: Final = AnswerStyle()
_FAULTS: Final = {fault: Answer(fault.value, sentence) for fault, sentence in FACE_SENTENCES.items()}
_CONFLICT: Final = Answer(
    FaultCode.IDEMPOTENCY_CONFLICT.value, FAULT_SENTENCES[FaultCode.IDEMPOTENCY_CONFLICT]
)
_PATHS: Final = (
    "/{operation}",
    "/{operation}.<suffix>",
    "/<path_format>/reply/{operation}",
    "/<path_format>/oneway/{operation}",
)

_log = structlog.get_logger(__name__)


def create_devino(services: WebServices) -> Blueprint:
    """Give the blueprint of both operations on all their paths, in all formats."""
    face = _Face(services)
    blueprint = Blueprint(BLUEPRINT, __name__)
    views: Mapping[OperationName, Callable[..., Response]] = {
        OperationName.GENERATE_CODE: face.generate_code,
        OperationName.CHECK_CODE: face.check_code,
    }
    for operation, view in views.items():
        for path in _PATHS:
            blueprint.add_url_rule(
                path.format(operation=operation.value),
                endpoint=operation.value,
                view_func=view,
                methods=["POST"],
                provide_automatic_options=False,
            )
    blueprint.register_error_handler(Exception, _unforeseen)
    return blueprint


def method_refusal(error: MethodNotAllowed) -> Response | None:
    """Give the 405 of this face in its envelope; None where the path belongs to another face."""
    adapter = request_ctx.url_adapter
    if adapter is None or "POST" not in (error.valid_methods or ()):
        return None
    endpoint, arguments = adapter.match(method="POST")
    blueprint, _, name = str(endpoint).partition(".")
    if blueprint != BLUEPRINT:
        return None
    reply = _Reply(answer_codec(_asked(request.environ, **arguments)), OperationName(name), _PLAIN)
    response = reply.of(_FAULTS[FaceFault.METHOD_NOT_ALLOWED], HTTPStatus.METHOD_NOT_ALLOWED)
    response.headers["Allow"] = "POST"
    return response


@dataclass(frozen=True, slots=True)
class _Caller:
    """What of a request stands outside its body."""

    tenant: Tenant
    request_id: str
    idempotency_key: str
    address: str

    def request(
        self, message: messages.GenerateCodeRequest | messages.CheckCodeRequest, locale: str | None
    ) -> Request:
        """Give what both operations take, the names of the wire as those of the use cases."""
        return Request(
            tenant=self.tenant,
            request_id=self.request_id,
            number=message.destination_number,
            purpose=message.purpose,
            amount=message.amount,
            currency=message.currency,
            payee=message.payee,
            locale=locale,
            client_reference=message.client_reference,
            client_address=self.address,
            limit_keys=message.limit_keys,
            idempotency_key=self.idempotency_key,
        )


@dataclass(frozen=True, slots=True)
class _Reply:
    """How the answer to one request is written."""

    codec: Codec
    operation: OperationName
    style: AnswerStyle

    def of(self, answer: Answer, status: int = HTTPStatus.OK) -> Response:
        """Give the envelope in the asked format."""
        body = self.codec.encode(answer, self.operation, self.style)
        return SecuredResponse(body, status, content_type=self.codec.content_type)


class _Face:
    """The views of both operations."""

    def __init__(self, services: WebServices) -> None:
        self._services = services
        self._addresses = ClientAddresses(services.trusted_proxies)

    def generate_code(self, path_format: str | None = None, suffix: str | None = None) -> Response:
        """Answer GenerateCode (Devino manual 18.3)."""
        return self._answer(OperationName.GENERATE_CODE, self._generate, path_format, suffix)

    def check_code(self, path_format: str | None = None, suffix: str | None = None) -> Response:
        """Answer CheckCode (Devino manual 18.4)."""
        return self._answer(OperationName.CHECK_CODE, self._check, path_format, suffix)

    def _answer(
        self,
        operation: OperationName,
        decide: Callable[[RequestCodec, bytes, _Caller], OperationResult],
        path_format: str | None,
        suffix: str | None,
    ) -> Response:
        """Format, key, body, use case, in this order: an unknown key learns nothing of its body."""
        environ: Environ = request.environ
        request_id = self._services.chance.token()
        bind_contextvars(request_id=request_id)
        asked = _asked(environ, path_format, suffix)
        key = api_key(environ)
        tenant = None if key is None else self._services.tenants.by_key(key)
        if tenant is None:
            return _Reply(answer_codec(asked), operation, _PLAIN).of(ANSWERS[operation][UNKNOWN_KEY])
        g.style = style = _style(tenant.code_type, tenant.member_case, tenant.xml_namespace)
        reply = _Reply(answer_codec(asked), operation, style)
        try:
            caller = _Caller(tenant, request_id, _idempotency_key(environ), self._addresses.of(environ))
            body = _body()
            result = decide(request_codec(asked, body), body, caller)
        except WireFault as fault:
            return reply.of(Answer(fault.code.value, fault.sentence), fault.http_status)
        except FaceRefusal as refusal:
            return reply.of(_FAULTS[refusal.fault], HTTPStatus.BAD_REQUEST)
        return _written(reply, result, tenant.id)

    def _generate(self, codec: RequestCodec, body: bytes, caller: _Caller) -> OperationResult:
        message = codec.decode_generate(body)
        command = GenerateCodeRequest(caller.request(message, message.locale), message.imsi_code)
        return self._services.generate_code(command)

    def _check(self, codec: RequestCodec, body: bytes, caller: _Caller) -> OperationResult:
        message = codec.decode_check(body)
        command = CheckCodeRequest(
            caller.request(message, None),
            message.code,
            message.code_was_number,
            wants_verdict=request.environ.get("HTTP_X_ETALON_WANT", "") == "signed-verdict",
        )
        return self._services.check_code(command)


def _written(reply: _Reply, result: OperationResult, tenant: str) -> Response:
    """Map what came of an operation to its envelope."""
    match result:
        case Answered():
            response = reply.of(ANSWERS[reply.operation][result.code])
            if result.code:
                _tell(reply.operation, result, tenant)
            if result.verdict:
                response.headers["X-Etalon-Verdict"] = result.verdict
            if result.signed:
                response.headers["X-Etalon-Signed-Verdict"] = result.signed
            if result.retry_after_s is not None:
                response.headers["Retry-After"] = str(max(result.retry_after_s, 1))
            return response
        case BadMember():
            return reply.of(Answer(FaceFault.BAD_MEMBER.value, result.sentence), HTTPStatus.BAD_REQUEST)
        case IdempotencyConflict():
            return reply.of(_CONFLICT, HTTPStatus.BAD_REQUEST)
        case _:
            assert_never(result)


def _tell(operation: OperationName, result: Answered, tenant: str) -> None:
    """Log an answer other than success, which the audit and the metrics tell of."""
    _log.info(
        "answered",
        operation=operation.value,
        answer=result.code,
        reason=result.reason,
        tenant=tenant,
        caller_request_id=given_request_id(request.environ),
    )


def _unforeseen(error: Exception) -> Response:
    """Answer 4, which promises nothing, in the asked format; log what broke, never its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    event = "store_unavailable" if isinstance(error, StoreUnavailable) else "unforeseen"
    _log.error(event, fault=type(error).__name__, where=where)
    _, _, name = str(request.endpoint).partition(".")
    operation = OperationName(name)
    asked = _asked(request.environ, **(request.view_args or {}))
    reply = _Reply(answer_codec(asked), operation, g.get("style", _PLAIN))
    return reply.of(ANSWERS[operation][INTERNAL])


def _asked(environ: Environ, path_format: str | None = None, suffix: str | None = None) -> Asked:
    query_format = request.args.get("format") if environ.get("QUERY_STRING") else None
    return Asked(path_format, query_format, suffix, environ.get("CONTENT_TYPE"), environ.get("HTTP_ACCEPT"))


def _body() -> bytes:
    """Read the body, never more than is allowed; raise `WireFault` 106 or `FaceRefusal`."""
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise WireFault(FaultCode.BODY_TOO_LARGE) from None
    except HTTPException:
        raise FaceRefusal(FaceFault.BODY_NOT_RECEIVED) from None
    check_body_size(len(body))
    return body


def _idempotency_key(environ: Environ) -> str:
    key = idempotency_key(environ)
    if key is None:
        raise FaceRefusal(FaceFault.BAD_IDEMPOTENCY_KEY)
    return key


@lru_cache(256)
def _style(code_type: CodeType, member_case: MemberCase, xml_namespace: str) -> AnswerStyle:
    """Give a tenant's style; the wire has words of its own, since it knows no tenants."""
    return AnswerStyle(
        messages.CodeType(code_type.value), messages.MemberCase(member_case.value), xml_namespace
    )
