# Named statements -> a C table.
#
# A statement is a block that starts with a comment line "-- name: lane_fence"
# and ends before the next one.  Comment lines stay out of the text.
# Output: enum <name>_stmt { LANE_FENCE, ... } and the texts in the same order.
function flush_statement() {
	if (id == "") return
	sub(/[ \n]*;?[ \n]*$/, "", body)
	names[++n] = id
	texts[n] = body
	body = ""
}
/^-- name:/ { flush_statement(); id = $3; next }
/^[ \t]*--/ { next }
id != "" && NF > 0 {
	line = $0
	gsub(/\\/, "\\\\", line)
	gsub(/"/, "\\\"", line)
	body = body (body == "" ? "" : "\\n\"\n\t    \"") line
}
END {
	flush_statement()
	printf "/* Generated from %s.sql; do not edit. */\n", name
	print "enum {"
	for (i = 1; i <= n; i++) printf "\tSQL_%s,\n", toupper(names[i])
	printf "\tSQL_%s_COUNT\n};\n", toupper(name)
	print "#ifndef SQL_ENUM_ONLY"
	printf "static const struct stmt %s_sql[SQL_%s_COUNT] = {\n", name, toupper(name)
	for (i = 1; i <= n; i++) printf "\t{ \"%s\", \"%s\" },\n", names[i], texts[i]
	print "};"
	print "#endif"
}
