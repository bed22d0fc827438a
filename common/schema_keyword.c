/*
 * schema_keyword - the table of keywords, and how each becomes an op.
 *
 * The order is that of checking: what is cheap first, unevaluated… last, as it
 * depends on all others.  A row without a compile function is an annotation
 * (or is read together with the keyword it belongs to).
 */
#include "schema_compile.h"

/* --- the table --------------------------------------------------------------- */

const struct keyword schema_keywords[] = {
	{ "$schema", SHAPE_VALUE, K_ANY, compile_dialect, NULL },
	{ "$defs", SHAPE_MAP, K_ANY, compile_defs, NULL },

	{ "type", SHAPE_VALUE, K_ANY, compile_type, check_type },
	{ "const", SHAPE_VALUE, K_ANY, compile_const, check_values },
	{ "enum", SHAPE_VALUE, K_ANY, compile_enum, check_values },

	{ "minimum", SHAPE_VALUE, K_NUMBER, compile_number, check_minimum },
	{ "maximum", SHAPE_VALUE, K_NUMBER, compile_number, check_maximum },
	{ "exclusiveMinimum", SHAPE_VALUE, K_NUMBER, compile_number, check_above },
	{ "exclusiveMaximum", SHAPE_VALUE, K_NUMBER, compile_number, check_below },
	{ "multipleOf", SHAPE_VALUE, K_NUMBER, compile_multiple, check_multiple },

	{ "minLength", SHAPE_VALUE, K_TEXT, compile_count, check_length_least },
	{ "maxLength", SHAPE_VALUE, K_TEXT, compile_count, check_length_most },
	{ "format", SHAPE_VALUE, K_TEXT, compile_format, check_format },
	{ "pattern", SHAPE_VALUE, K_TEXT, compile_pattern, check_pattern },

	{ "minItems", SHAPE_VALUE, K_ARRAY, compile_count, check_least },
	{ "maxItems", SHAPE_VALUE, K_ARRAY, compile_count, check_most },
	{ "uniqueItems", SHAPE_VALUE, K_ARRAY, compile_unique, check_unique },
	{ "prefixItems", SHAPE_LIST, K_ARRAY, compile_items, check_items },
	{ "items", SHAPE_SCHEMA, K_ARRAY, compile_items, check_items },
	{ "contains", SHAPE_SCHEMA, K_ARRAY, compile_contains, check_contains },

	{ "required", SHAPE_VALUE, K_OBJECT, compile_required, check_required },
	{ "dependentRequired", SHAPE_VALUE, K_OBJECT, compile_dependent, check_dependent_required },
	{ "minProperties", SHAPE_VALUE, K_OBJECT, compile_count, check_least },
	{ "maxProperties", SHAPE_VALUE, K_OBJECT, compile_count, check_most },
	{ "propertyNames", SHAPE_SCHEMA, K_OBJECT, compile_one, check_property_names },
	{ "properties", SHAPE_MAP, K_OBJECT, compile_members, check_members },
	{ "patternProperties", SHAPE_MAP, K_OBJECT, compile_members, check_members },
	{ "additionalProperties", SHAPE_SCHEMA, K_OBJECT, compile_members, check_members },
	{ "dependentSchemas", SHAPE_MAP, K_OBJECT, compile_dependent, check_dependent_schemas },

	{ "$ref", SHAPE_VALUE, K_ANY, compile_ref, check_ref },
	{ "$dynamicRef", SHAPE_VALUE, K_ANY, compile_dynamic_ref, check_dynamic_ref },
	{ "allOf", SHAPE_LIST, K_ANY, compile_list, check_all_of },
	{ "if", SHAPE_SCHEMA, K_ANY, compile_if, check_condition },
	{ "anyOf", SHAPE_LIST, K_ANY, compile_list, check_any_of },
	{ "oneOf", SHAPE_LIST, K_ANY, compile_list, check_one_of },
	{ "not", SHAPE_SCHEMA, K_ANY, compile_one, check_not },

	{ "unevaluatedItems", SHAPE_SCHEMA, K_ARRAY, compile_unevaluated, check_unevaluated },
	{ "unevaluatedProperties", SHAPE_SCHEMA, K_OBJECT, compile_unevaluated, check_unevaluated },

	/* Read with "if" and "contains". */
	{ "then", SHAPE_SCHEMA, 0, NULL, NULL },
	{ "else", SHAPE_SCHEMA, 0, NULL, NULL },
	{ "minContains", SHAPE_VALUE, 0, NULL, NULL },
	{ "maxContains", SHAPE_VALUE, 0, NULL, NULL },

	/* Read when the document is added. */
	{ "$id", SHAPE_VALUE, 0, NULL, NULL },
	{ "$anchor", SHAPE_VALUE, 0, NULL, NULL },
	{ "$dynamicAnchor", SHAPE_VALUE, 0, NULL, NULL },

	/* Annotations. */
	{ "$comment", SHAPE_VALUE, 0, NULL, NULL },
	{ "$vocabulary", SHAPE_VALUE, 0, NULL, NULL },
	{ "title", SHAPE_VALUE, 0, NULL, NULL },
	{ "description", SHAPE_VALUE, 0, NULL, NULL },
	{ "default", SHAPE_VALUE, 0, NULL, NULL },
	{ "examples", SHAPE_VALUE, 0, NULL, NULL },
	{ "deprecated", SHAPE_VALUE, 0, NULL, NULL },
	{ "readOnly", SHAPE_VALUE, 0, NULL, NULL },
	{ "writeOnly", SHAPE_VALUE, 0, NULL, NULL },
	{ "contentMediaType", SHAPE_VALUE, 0, NULL, NULL },
	{ "contentEncoding", SHAPE_VALUE, 0, NULL, NULL },
	{ "contentSchema", SHAPE_SCHEMA, 0, NULL, NULL },
};

const size_t schema_n_keywords = sizeof schema_keywords / sizeof schema_keywords[0];

const struct keyword *
schema_keyword_find(struct text name)
{
	for (size_t i = 0; i < schema_n_keywords; i++)
		if (text_is(name, schema_keywords[i].name))
			return &schema_keywords[i];
	return NULL;
}
