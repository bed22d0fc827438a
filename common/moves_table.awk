# schemas/states/*.moves -> enums and one table of moves.
#
# The stage is the file's name; the stages' order is the pipeline's.
BEGIN {
	n_stages = split("intake verification lookup fee casework dispatch tracking", order, " ")
	for (i = 1; i <= n_stages; i++) stage_code[order[i]] = i - 1
}
FNR == 1 {
	stage = FILENAME
	sub(/.*\//, "", stage)
	sub(/\.moves$/, "", stage)
	if (!(stage in stage_code)) {
		print "moves_table: unknown stage " stage > "/dev/stderr"
		exit 1
	}
}
/^#/ || NF == 0 { next }
$1 == "state" {
	code[stage, $2] = $3
	name_of[stage, $3] = $2
	if ($3 > last[stage]) last[stage] = $3
	final[stage, $3] = $4 == "final"
	waits[stage, $3] = $4 == "waits" ? $5 : ""
	next
}
$1 == "move" || $1 == "answer" {
	if ((stage, $2) in seen_event) bad("event twice")
	seen_event[stage, $2] = 1
	n_events[stage]++
	event[stage, n_events[stage]] = $2
	is_answer[stage, $2] = $1 == "answer"
	from[stage, $2] = $3
	to[stage, $2] = $4
	next
}
{ bad("unknown line") }
function bad(why) {
	print FILENAME ":" FNR ": " why ": " $0 > "/dev/stderr"
	exit 1
}
function mask(stage, list,    parts, n, i, m) {
	n = split(list, parts, ",")
	m = 0
	for (i = 1; i <= n; i++) {
		if (!((stage, parts[i]) in code)) {
			print "moves_table: " stage " has no state " parts[i] > "/dev/stderr"
			exit 1
		}
		m += 2 ^ code[stage, parts[i]]
	}
	return m
}
END {
	print "/* Generated from schemas/states; do not edit. */"
	print "#ifndef MOVES_TABLE"
	for (s = 1; s <= n_stages; s++) {
		stage = order[s]
		printf "enum {"
		for (c = 0; c <= last[stage]; c++)
			printf " %s_%s,", toupper(stage), toupper(name_of[stage, c])
		printf " %s_STATES };\n", toupper(stage)
	}
	print "enum event_type {"
	for (s = 1; s <= n_stages; s++)
		for (e = 1; e <= n_events[order[s]]; e++)
			printf "\tEV_%s_%s,\n", toupper(order[s]), toupper(event[order[s], e])
	print "\tEVENT_TYPES\n};"
	print "#else"
	print "static const struct state_row state_rows[STAGES][MOVES_STATES_MAX] = {"
	for (s = 1; s <= n_stages; s++) {
		printf "\t{\n"
		for (c = 0; c <= last[order[s]]; c++)
			printf "\t\t{ \"%s\", %s, \"%s\" },\n", name_of[order[s], c], final[order[s], c] ? "true" : "false", waits[order[s], c]
		printf "\t},\n"
	}
	print "};"
	print "static const struct move_row move_rows[EVENT_TYPES] = {"
	for (s = 1; s <= n_stages; s++)
		for (e = 1; e <= n_events[order[s]]; e++) {
			stage = order[s]; ev = event[stage, e]
			if (is_answer[stage, ev]) target = "MOVE_ANSWER"
			else if (to[stage, ev] == "=") target = "MOVE_STAYS"
			else {
				if (!((stage, to[stage, ev]) in code)) {
					print "moves_table: " stage " has no state " to[stage, ev] > "/dev/stderr"
					exit 1
				}
				target = code[stage, to[stage, ev]]
			}
			printf "\t{ %d, \"%s\", \"vn.dossier.%s.%s.v1\", 0x%x, %s },\n", s - 1, ev, stage, ev,
			    is_answer[stage, ev] ? 0 : mask(stage, from[stage, ev]), target
		}
	print "};"
	print "#endif"
}
