"""The only reader of environment and files: layers of sources to one `Settings`; leaves classes to `classes`.

Layers, each stronger than the one before: defaults, what `run` left in the data directory (sandbox
only), the configuration file, variables `ETALON_…` (`ETALON_WEB__PORT` is `web.port`, and with `_FILE`
behind it names the file that holds the value), options of the command line.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from security_service.config.classes import (
    Environment,
    General,
    LookupEntry,
    LookupRules,
    PluginEntry,
    Settings,
)
from security_service.config.forward_settings import ForwardSettings
from security_service.config.production import production_faults
from security_service.domain.errors import SettingsFault
from security_service.domain.setting_kinds import setting_fields
from security_service.domain.settings import SourceText, collect_settings

PREFIX: Final = "ETALON_"
CONFIG_VARIABLE: Final = "ETALON_CONFIG"
SECRETS_FILE: Final = "secrets.json"
RUNNING_FILE: Final = "running.json"
LEFT_BY_RUN: Final = (SECRETS_FILE, RUNNING_FILE)
_FILE_SUFFIX: Final = "_file"
# Variables of ours that are no settings: where the file is, and what the sandbox operator reads itself.
_NOT_SETTINGS: Final = frozenset({"config", "sandbox_password"})
_PLUGINS: Final = ("gateways", "lookups")

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PluginKinds:
    """Which kinds of gateways and lookups there are, with the settings class of each."""

    gateways: Mapping[str, type]
    lookups: Mapping[str, type]


@dataclass(frozen=True, slots=True)
class Layer:
    """What one source gives, as nested mappings; they hold secrets in the clear and are not printed."""

    source: str
    tree: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and the layers they came from."""

    settings: Settings
    layers: tuple[Layer, ...]

    def origin(self, key: str) -> str:
        """Name the source of a setting by its dotted key; `default` where no layer gives it."""
        for layer in reversed(self.layers):
            found: object = layer.tree
            for part in key.split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
            if found is not None:
                return layer.source
        return "default"


def load(
    kinds: PluginKinds,
    *,
    options: Mapping[str, Any] | None = None,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    left: Sequence[str] = LEFT_BY_RUN,
) -> Loaded:
    """Read all sources. `options` are the command line's, nested like the file.

    `config_file` defaults to the one that ETALON_CONFIG names; `environ` to the process's own;
    `left` names the files of the data directory that count. Raises SettingsFault with every
    fault of every source.
    """
    faults: list[str] = []
    layers = _read_layers(kinds, options or {}, config_file, environ, left, faults)
    settings = _settings(kinds, _merged(layers), faults)
    if settings is None or faults:
        raise SettingsFault(faults)
    return Loaded(settings, tuple(layers))


def peek(*, options: Mapping[str, Any], config_file: Path | None = None) -> Mapping[str, Any]:
    """Give what the sources say before it is checked, faults left out: for what must be known first."""
    return _merged(_read_layers(PluginKinds({}, {}), options, config_file, None, (), []))


def _read_layers(
    kinds: PluginKinds,
    options: Mapping[str, Any],
    config_file: Path | None,
    environ: Mapping[str, str] | None,
    left: Sequence[str],
    faults: list[str],
) -> list[Layer]:
    """Give the layers, weakest first; faults of reading them are added to `faults`."""
    variables = os.environ if environ is None else environ
    named = config_file or (Path(variables[CONFIG_VARIABLE]) if variables.get(CONFIG_VARIABLE) else None)
    layers = [] if named is None else [Layer(str(named), _toml(named, faults))]
    layers.append(Layer("environment", _variables(variables, _fields_of_paths(kinds), faults)))
    layers.append(Layer("command line", options))
    given = _merged(layers)
    if given.get("environment") != Environment.PRODUCTION.value:
        data_dir = Path(str(given.get("data_dir", "var")))
        layers.insert(0, Layer(str(data_dir), _left_by_run(data_dir, left, given, faults)))
    return [layer for layer in layers if layer.tree]


def child_environment(added: Mapping[str, str]) -> dict[str, str]:
    """Give the environment for a process that is started: this one's, with what is added."""
    return {**os.environ, **added}


def variable(name: str) -> str:
    """Read one variable of the environment that is no setting; empty where it is not set."""
    return os.environ.get(name, "")


# --- sources --------------------------------------------------------------------------------


def _toml(path: Path, faults: list[str]) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        faults.append(f"{path}: cannot be read: {error.strerror}")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: is not TOML: {error}")
    return {}


def _variables(variables: Mapping[str, str], paths: frozenset[str], faults: list[str]) -> Tree:
    tree: Tree = {}
    for name in sorted(variables):
        if not name.startswith(PREFIX):
            continue
        parts = name.removeprefix(PREFIX).lower().split("__")
        if parts[0] in _NOT_SETTINGS:
            continue
        value: str | None = variables[name]
        if parts[-1].endswith(_FILE_SUFFIX) and parts[-1] not in paths:
            parts[-1] = parts[-1].removesuffix(_FILE_SUFFIX)
            value = _content(name, Path(variables[name]), faults)
        if value is not None:
            _plant(tree, parts, SourceText(value), name, faults)
    return tree


def _content(name: str, path: Path, faults: list[str]) -> str | None:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        faults.append(f"{name}: the file {path} cannot be read: {error.strerror}")
    except UnicodeDecodeError:
        faults.append(f"{name}: the file {path} is not text in UTF-8")
    return None


def _plant(tree: Tree, parts: Sequence[str], value: SourceText, name: str, faults: list[str]) -> None:
    branch = tree
    for part in parts[:-1]:
        branch = branch.setdefault(part, {})
        if not isinstance(branch, dict):
            faults.append(f"{name}: a part of its name is a setting of its own")
            return
    if parts[-1] in branch:
        faults.append(f"{name}: is set twice, or is the beginning of another variable's name")
    branch[parts[-1]] = value


def _fields_of_paths(kinds: PluginKinds) -> frozenset[str]:
    """Settings that hold a path: their variables are named `…_FILE` too, and are not read from a file."""
    classes = [*kinds.gateways.values(), *kinds.lookups.values(), ForwardSettings]
    return frozenset(
        field.key for cls in classes for field in setting_fields(cls) if field.key.endswith(_FILE_SUFFIX)
    )


def _left_by_run(data_dir: Path, names: Sequence[str], given: Mapping[str, Any], faults: list[str]) -> Tree:
    """Give what `run` left for this data directory; its sandbox plug-ins only where no others are set."""
    tree: Tree = {}
    for name in names:
        left = read_left(data_dir / name, faults)
        tree = _over(tree, left.get("settings", {}))
    if any(given.get(table) for table in _PLUGINS):
        tree = {key: value for key, value in tree.items() if key not in _PLUGINS}
    return tree


def read_left(path: Path, faults: list[str]) -> Tree:
    """Read a file that `run` wrote into its data directory; empty where there is none."""
    try:
        left = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        faults.append(f"{path}: cannot be read: {error.strerror}")
        return {}
    except ValueError:
        left = None
    if not isinstance(left, dict):
        faults.append(f"{path}: is damaged; it holds keys, so restore it rather than delete it")
        return {}
    return left


# --- merging and reading --------------------------------------------------------------------


def _merged(layers: Sequence[Layer]) -> Tree:
    tree: Tree = {}
    for layer in layers:
        tree = _over(tree, layer.tree)
    return tree


def _over(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> Tree:
    tree = dict(weaker)
    for key, value in stronger.items():
        below: object = tree.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            tree[key] = _over(below, value)
        else:
            tree[key] = value
    return tree


def _settings(kinds: PluginKinds, tree: Tree, faults: list[str]) -> Settings | None:
    general = collect_settings(
        General, {key: value for key, value in tree.items() if key not in _PLUGINS}, "", faults
    )
    gateways = [
        PluginEntry(name, kind, settings)
        for name, kind, settings, _ in _plugins("gateways", kinds.gateways, tree, faults)
    ]
    rules = frozenset(field.key for field in setting_fields(LookupRules))
    lookups: list[LookupEntry] = []
    for name, kind, settings, rest in _plugins("lookups", kinds.lookups, tree, faults, rules):
        ruled = collect_settings(LookupRules, rest, f"lookups.{name}", faults)
        if ruled is not None:
            lookups.append(LookupEntry(name, kind, settings, ruled))
    if general is None:
        return None
    read = Settings(**vars(general), gateways=tuple(gateways), lookups=tuple(lookups))
    faults += production_faults(read)
    return read


def _plugins(
    table: str,
    kinds: Mapping[str, type],
    tree: Mapping[str, object],
    faults: list[str],
    beside: frozenset[str] = frozenset(),
) -> list[tuple[str, str, object, Tree]]:
    """Read one table of plug-ins: name, kind, settings, and the members that are not the kind's own."""
    entries = tree.get(table)
    if entries is None:
        return []
    if not isinstance(entries, Mapping):
        faults.append(f"{table}: must be a table of tables, one for each name")
        return []
    read: list[tuple[str, str, object, Tree]] = []
    for name, entry in entries.items():
        where = f"{table}.{name}"
        kind = str(entry.get("kind", "")) if isinstance(entry, Mapping) else ""
        if kind not in kinds:
            faults.append(f"{where}.kind: must be one of {', '.join(kinds)}")
            continue
        apart = {key: value for key, value in entry.items() if key in beside}
        own = {key: value for key, value in entry.items() if key not in apart and key != "kind"}
        settings: object = collect_settings(kinds[kind], own, where, faults)
        if settings is not None:
            read.append((name, kind, settings, apart))
    return read
