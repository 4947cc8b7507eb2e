"""JSON schemas as the converter to grammars can keep to them: it overlooks some keywords beside others."""

import re
from itertools import chain
from typing import Any

from serving.errors import BadGrammar

NAMED = ("properties", "$defs", "definitions")
"""Keywords whose values are schemas by name."""
VALUES = ("enum", "const", "default", "examples")
"""Keywords whose values are no schemas."""
WHOLE = ("$ref", "oneOf", "anyOf", "allOf")
"""Keywords beside which the converter overlooks others."""
OF_TYPE = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength"),
}
"""Keywords that say something about values of one type only."""
SAYING = frozenset([*WHOLE, "const", "enum", "type", *chain(*OF_TYPE.values())])
"""Keywords that the converter keeps to, most of them only without some others."""
COUNTS = ("minItems", "maxItems", "minLength", "maxLength")
FORMATS = re.compile("uuid[1-5]?|date|time|date-time")
"""Formats that are kept to; others are remarks, as JSON Schema has it."""
MOST_OPTIONAL = 64
"""Properties of one object that may be left out: the converter takes time with the cube of their number."""
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def kept(schema: Any) -> Any:
    """Return a schema as one that allows the same, or less, and that the converter keeps to in all that it says.

    Raises:
        BadGrammar: there is none, with the keyword that is in the way.
    """
    if isinstance(schema, list):
        return [kept(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {keyword: _kept_within(keyword, value) for keyword, value in schema.items()}
    said = {keyword: value for keyword, value in schema.items() if keyword in SAYING}
    remarks = {keyword: value for keyword, value in schema.items() if keyword not in SAYING}
    return {**remarks, **_said(said)}


def not_kept(keyword: str, *, beside: str = "") -> BadGrammar:
    """Return the refusal of a keyword, or of one beside another."""
    place = f" beside '{beside}'" if beside else ""
    return BadGrammar(reason=f"'{keyword}'{place} in the JSON schema can't be kept to")


def _said(said: dict[str, Any]) -> dict[str, Any]:
    if said.keys() == {"allOf"} and len(said["allOf"]) == 1 and isinstance(said["allOf"][0], dict):
        only: dict[str, Any] = said["allOf"][0]
        return only
    for keyword in WHOLE:
        if keyword in said:
            _check_alone(keyword, said)
            return said
    for keyword in ("const", "enum"):
        if keyword in said:
            return {"enum": _values(keyword, said)}
    kinds = said.get("type")
    if not isinstance(kinds, list):
        return _of_one_type(said)
    if not kinds:
        raise not_kept("type")
    forms = [_of_one_type({**said, "type": kind}) for kind in dict.fromkeys(kinds)]
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _kept_within(keyword: str, value: Any) -> Any:
    if keyword in VALUES:
        return value
    if keyword in NAMED and isinstance(value, dict):
        return {name: kept(schema) for name, schema in value.items()}
    return kept(value)


def _check_alone(keyword: str, said: dict[str, Any]) -> None:
    """Refuse what stands beside a keyword that the converter heeds alone."""
    other = next((it for it in said if it != keyword and (keyword, it, said[it]) != ("allOf", "type", "object")), None)
    if other:
        raise not_kept(other, beside=keyword)
    if not isinstance(said[keyword], str if keyword == "$ref" else list) or not said[keyword]:
        raise not_kept(keyword)
    if keyword == "$ref":
        _check_reference(said[keyword])
    if keyword != "allOf":
        return
    # The converter makes one object of the properties of all, each required, and overlooks the rest.
    names: list[str] = []
    for part in said["allOf"]:
        asked = {it for it in part if it in SAYING} if isinstance(part, dict) else set()
        if not {"properties"} <= asked <= {"type", "properties", "required"}:
            raise not_kept("allOf")
        names += part["properties"]
    if len(set(names)) < len(names):
        raise not_kept("allOf")


def _check_reference(reference: str) -> None:
    """Refuse a schema that stands where none is looked for, and that nobody has checked."""
    is_name = False
    for word in reference.split("/"):
        if not is_name and word in VALUES:
            raise not_kept("$ref")
        is_name = not is_name and word in NAMED


def _values(keyword: str, said: dict[str, Any]) -> list[Any]:
    """Return the values that a schema lists, those of its type."""
    other = next((it for it in said if it not in (keyword, "type")), None)
    if other:
        raise not_kept(other, beside=keyword)
    values = [said["const"]] if keyword == "const" else said["enum"]
    kinds = said.get("type", list(TYPES))
    kinds = kinds if isinstance(kinds, list) else [kinds]
    found = [value for value in values if any(_is_of(value, kind) for kind in kinds)]
    if not found or not isinstance(values, list):
        raise not_kept(keyword, beside="type" if "type" in said else "")
    return found


def _is_of(value: object, kind: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(kind, str) and isinstance(value, TYPES.get(kind, ()))


def _of_one_type(said: dict[str, Any]) -> dict[str, Any]:
    """Return what a schema says about values of its type, and of the type that it speaks of if it names none."""
    kind = said.get("type") or next((kind for kind, words in OF_TYPE.items() if said.keys() & {*words}), None)
    if not isinstance(kind, str):
        return said
    said = {"type": kind, **{keyword: value for keyword, value in said.items() if keyword in OF_TYPE.get(kind, ())}}
    if kind == "object":
        return _object(said)
    if kind == "array":
        return _array(said)
    if kind == "string":
        known = ["format"] if FORMATS.fullmatch(str(said.get("format"))) else []
        heeded, *others = [it for it in ("pattern", *known, "minLength", "maxLength") if it in said] or [""]
        if others and heeded != "minLength":
            raise not_kept(others[0], beside=heeded)
    return said


def _object(said: dict[str, Any]) -> dict[str, Any]:
    properties, more = said.get("properties") or {}, said.get("additionalProperties")
    required = set(said.get("required", []))
    missing = next((name for name in required if name not in properties), None)
    if missing is not None:
        raise BadGrammar(reason=f"'required' in the JSON schema names '{missing}', which 'properties' doesn't have")
    optional = len(properties) - len(required)
    if optional > MOST_OPTIONAL:
        raise BadGrammar(reason=f"{optional} properties of an object may be left out, at most {MOST_OPTIONAL} are read")
    if properties and "additionalProperties" in said:
        if more and more is not True:  # a name of 'properties' might come again with another value
            raise not_kept("additionalProperties", beside="properties")
        said = {**said, "additionalProperties": False}
    return said


def _array(said: dict[str, Any]) -> dict[str, Any]:
    items = said.get("items", True)
    if "prefixItems" in said and "items" in said:
        if items is not False:
            raise not_kept("items", beside="prefixItems")
        del said["items"]
    listed = said.get("prefixItems", items)
    if isinstance(listed, list):  # the converter allows neither fewer nor more
        if not said.pop("minItems", 0) <= len(listed) <= said.pop("maxItems", len(listed)):
            raise not_kept("prefixItems", beside="minItems")
    elif items in (True, {}):
        said.pop("items", None)
        bound = next((it for it in ("minItems", "maxItems") if it in said), None)
        if bound:
            raise BadGrammar(reason=f"'{bound}' without 'items' in the JSON schema can't be kept to")
    return said
