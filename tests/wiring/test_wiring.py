from __future__ import annotations

from pathlib import Path

from security_service.config.classes import Settings
from security_service.config.sources import load
from security_service.domain.setting_kinds import setting_fields
from security_service.domain.trust import TrustWord
from security_service.telemetry.metrics import PrometheusMeter
from security_service.wiring import GATEWAYS, LOOKUPS, build_outward, build_service, plugin_kinds
from tests.config.test_sources import IMSI, KEYS, SMS
from tests.links.signing_keys import ec_pem


def settings(tmp_path: Path, **added: str) -> Settings:
    environ = {**KEYS, "ETALON_DATA_DIR": str(tmp_path), "ETALON_STORE__ADDRESS": "unix:///nowhere", **added}
    return load(plugin_kinds(), environ=environ).settings


def example(key: str) -> str:
    """A value that a setting which must be given takes."""
    if key.endswith("_url"):
        return "https://provider.example/x"
    known = {
        "private_key": ec_pem(),
        "host": "provider.example",
        "sender": "bank@provider.example",
        "template_id": "1",
    }
    return known.get(key, "a")


def test_every_plug_in_is_built_from_the_settings_class_beside_it(tmp_path: Path) -> None:
    environ: dict[str, str] = {}
    for table, kinds in (("GATEWAYS", GATEWAYS), ("LOOKUPS", LOOKUPS)):
        for kind, (cls, _) in kinds.items():
            given = {field.key: example(field.key) for field in setting_fields(cls) if field.required}
            environ |= {
                f"ETALON_{table}__MY_{kind.upper()}__{key.upper()}": value
                for key, value in {"kind": kind, **given}.items()
            }
    outward = build_outward(settings(tmp_path, **environ))
    assert set(outward.gateways) == {f"my_{kind}" for kind in GATEWAYS}
    assert set(outward.lookups) == {f"my_{kind}" for kind in LOOKUPS}
    assert {name: gateway.name for name, gateway in outward.gateways.items()} == {
        name: name for name in outward.gateways
    }
    assert {name: lookup.name for name, lookup in outward.lookups.items()} == {
        name: name for name in outward.lookups
    }


def test_every_setting_of_a_plug_in_says_what_it_does() -> None:
    for cls in [*plugin_kinds().gateways.values(), *plugin_kinds().lookups.values()]:
        assert [field.key for field in setting_fields(cls) if not field.help] == []


def test_trust_follows_what_people_decided(tmp_path: Path) -> None:
    never = {name.replace("IMSI", "OTHER", 1): value for name, value in IMSI.items()}
    trust = build_outward(
        settings(
            tmp_path,
            **IMSI,
            **never,
            ETALON_LOOKUPS__IMSI__DISTRUSTED_OPERATORS="25001,25020",
            ETALON_LOOKUPS__OTHER__TRUST="never",
        )
    ).trust
    assert trust.word("imsi", "25002") is TrustWord.STABLE
    assert trust.word("imsi", "25020") is TrustWord.NEVER
    assert trust.word("other", "25002") is TrustWord.NEVER


def test_the_service_is_put_together_without_reaching_its_store(tmp_path: Path) -> None:
    service = build_service(settings(tmp_path, **SMS, **IMSI), PrometheusMeter())
    assert service.health.faults() == ["the store does not answer"]
    assert {"standard", "strict", "observe"} <= set(service.policies.files)
