"""YAML files read strictly: a repeated key is a fault, not a silent overwrite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from lda.contracts.model import ContractError, Problem

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Base):  # type: ignore[misc]
    """Safe loader that refuses a mapping with the same key twice."""


def _strict_mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice in one mapping", key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _strict_mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """Mapping held by a YAML file. Raises ContractError when it cannot be read, is not YAML or not a mapping."""
    return parse_yaml(path.name, read_text(path))


def read_text(path: Path) -> str:
    """What a file says. Raises ContractError when it cannot be read or is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractError([Problem(path.name, "the file", "a readable UTF-8 file", type(error).__name__)]) from None


def parse_yaml(name: str, content: str) -> dict[str, Any]:
    """Mapping held by YAML of a file of this name. Raises ContractError when it is not YAML or not a mapping."""
    try:
        document = yaml.load(content, Loader=_StrictLoader)  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark else "the file"
        found = str(getattr(error, "problem", None) or "text that is not YAML")
        raise ContractError([Problem(name, place, "well-formed YAML", found)]) from None
    if not isinstance(document, dict):
        raise ContractError([Problem(name, "the file", "a mapping", type(document).__name__)])
    return document
