"""What a JSON schema says is kept to, or refused by name."""

import pytest

from serving.errors import BadGrammar
from serving.form import schema_grammar
from serving.schema import kept

TEXT = {"type": "string"}
PLACE = {"properties": {"place": TEXT}, "required": ["place"]}
OPEN = {"additionalProperties": True}


@pytest.mark.parametrize(
    ("schema", "same"),
    [
        ({"type": ["string", "null"], "enum": ["a", "b", None]}, {"enum": ["a", "b", None]}),
        ({"type": "string", "enum": ["a", None]}, {"enum": ["a"]}),
        ({"type": "integer", "enum": [1, 2.0, 2.5, True]}, {"enum": [1, 2.0]}),
        ({"type": "string", "const": "a"}, {"enum": ["a"]}),
        ({"type": ["string"]}, TEXT),
        (
            {"type": ["string", "null"], "maxLength": 3, "title": "T"},
            {"title": "T", "anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]},
        ),
        ({"type": ["object", "null"], **PLACE}, {"anyOf": [{"type": "object", **PLACE}, {"type": "null"}]}),
        (
            {"type": ["array", "null"], "items": {"type": ["integer", "null"]}},
            {
                "anyOf": [
                    {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
                    {"type": "null"},
                ]
            },
        ),
        ({"properties": {"type": TEXT}}, {"type": "object", "properties": {"type": TEXT}}),
        ({**PLACE, **OPEN}, {"type": "object", **PLACE, "additionalProperties": False}),
        ({**PLACE, "additionalProperties": {}}, {"type": "object", **PLACE, "additionalProperties": False}),
        ({"prefixItems": [TEXT], "items": False, "minItems": 1}, {"type": "array", "prefixItems": [TEXT]}),
        ({"type": "array", "items": {}}, {"type": "array"}),
        ({"allOf": [{"$ref": "#/$defs/A"}], "description": "D"}, {"description": "D", "$ref": "#/$defs/A"}),
        ({"type": "string", "format": "uri", "maxLength": 9}, {"type": "string", "format": "uri", "maxLength": 9}),
        ({"default": {"type": ["a"]}, "type": "null"}, {"default": {"type": ["a"]}, "type": "null"}),
        ({"$ref": "#/properties/default"}, {"$ref": "#/properties/default"}),
    ],
)
def test_a_schema_is_put_as_the_converter_keeps_to_it(schema, same):
    assert kept(schema) == same


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "object", **PLACE, "required": ["day"]}, "'required' in the JSON schema names 'day'"),
        ({"type": "object", "required": ["day"]}, "'required' in the JSON schema names 'day'"),
        ({"pattern": "^a*$", "maxLength": 3}, "'maxLength' beside 'pattern'"),
        ({"type": "string", "format": "date", "minLength": 3}, "'minLength' beside 'format'"),
        ({"type": "string", "format": "date", "pattern": "^a$"}, "'format' beside 'pattern'"),
        ({"$ref": "#/$defs/A", "maxLength": 3}, "'maxLength' beside '\\$ref'"),
        ({"anyOf": [TEXT], "required": ["a"]}, "'required' beside 'anyOf'"),
        ({"oneOf": [TEXT], "type": "object"}, "'type' beside 'oneOf'"),
        ({"oneOf": [TEXT], "anyOf": [TEXT]}, "'anyOf' beside 'oneOf'"),
        ({"$ref": "#/default", "default": {"minimum": 3}}, "'\\$ref' in"),
        ({"$ref": "#/properties/properties/const/a"}, "'\\$ref' in"),
        ({"anyOf": []}, "'anyOf' in"),
        ({"enum": ["a"], "maxLength": 3}, "'maxLength' beside 'enum'"),
        ({"enum": [], "title": "T"}, "'enum' in"),
        ({"type": "string", "const": 3}, "'const' beside 'type'"),
        ({"prefixItems": [TEXT], "items": TEXT}, "'items' beside 'prefixItems'"),
        ({"prefixItems": [TEXT], "minItems": 2}, "'prefixItems' beside 'minItems'"),
        ({"type": "array", "minItems": 2}, "'minItems' without 'items'"),
        ({"type": "array", "items": True, "maxItems": 2}, "'maxItems' without 'items'"),
        ({**PLACE, "additionalProperties": TEXT}, "'additionalProperties' beside 'properties'"),
        ({"allOf": [PLACE, PLACE]}, "'allOf' in"),
        ({"allOf": [PLACE, TEXT]}, "'allOf' in"),
        ({"items": {"anyOf": [{"type": []}]}}, "'type' in"),
    ],
)
def test_what_the_converter_would_overlook_is_refused_by_name(schema, sentence):
    with pytest.raises(BadGrammar, match=sentence):
        schema_grammar(schema)


def test_objects_are_joined_where_each_has_names_of_its_own():
    assert schema_grammar({"allOf": [PLACE, {"properties": {"day": TEXT}}]}).count("-kv") == 4


def test_a_definition_is_not_taken_for_a_property_of_its_name():
    schema = {
        "$defs": {"place": {"enum": ["here"]}},
        "properties": {"place": {"enum": ["there"]}, "to": {"$ref": "#/$defs/place"}},
        "required": ["place", "to"],
    }
    assert "here" in schema_grammar(schema)


def test_a_definition_may_hold_itself():
    tree = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Tree"}, {"type": "null"}]}}}
    grammar = schema_grammar({"$ref": "#/$defs/Tree", "$defs": {"Tree": tree}})
    assert "root ::= reference--0" in grammar
    assert grammar.count("reference--0 ::=") == 1
