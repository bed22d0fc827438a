/* verification: components of a round, files against what was declared. */
#include "catalogue_shipped.h"

#include "../../services/verification/verification_rules.h"

static struct arena *arena;
static struct catalogue *cat;

static void
setup(void)
{
	arena = arena_new(0);
	cat = shipped_catalogue(arena);
}

static void
teardown(void)
{
	catalogue_free(cat);
	arena_free(arena);
}

TestSuite(verification, .init = setup, .fini = teardown);

/* "TP01:electronic:2 TP02:copy:1" as the components of a message. */
static const struct doc_node *
sent(const char *words)
{
	struct buf buf = buf_in(arena);
	char code[16], kind[16];
	int files, n, count = 0;

	buf_puts(&buf, "{\"components\":[");
	while (sscanf(words, " %15[^:]:%15[^:]:%d%n", code, kind, &files, &n) == 3) {
		buf_printf(&buf, "%s{\"code\":\"%s\",\"kind\":\"%s\",\"files\":[", count++ > 0 ? "," : "", code, kind);
		for (int i = 0; i < files; i++)
			buf_printf(&buf, "%s{\"uri\":\"%s-%d\"}", i > 0 ? "," : "", code, i);
		buf_puts(&buf, "]}");
		words += n;
	}
	buf_puts(&buf, "]}");
	return shipped_doc(arena, buf_get(&buf));
}

/* "TP01/0 file.size" of each problem, one after another. */
static const char *
problems_line(struct text problems)
{
	struct buf buf = buf_in(arena);

	buf_puts(&buf, "");
	for (struct doc_iter it = doc_iter(shipped_doc(arena, problems)); doc_next(&it); ) {
		int64_t file = -1;

		if (buf.n > 0)
			buf_puts(&buf, "; ");
		buf_text(&buf, doc_get_text(it.value, "component"));
		if (doc_get_int64(it.value, "file", &file))
			buf_printf(&buf, "/%d", (int)file);
		buf_puts(&buf, " ");
		buf_text(&buf, doc_get_text(it.value, "rule"));
		cr_expect_gt(doc_get_text(it.value, "message_vi").n, 10);
		cr_expect_gt(doc_get_text(it.value, "message_en").n, 10);
	}
	return buf_get(&buf).s;
}

/* Birth registration. default: TP01, TP02 required, TP03, TP04 not; late: TP01, TP02, TP05 required. */
Test(verification, rounds)
{
	static const struct {
		const char	*name, *its_case;
		const char	*round[3];
		int		answer;
		const char	*files;		/* one letter a file: . as declared, g good, a absent, s size, d digest */
		const char	*asked, *missing, *problems;
	} cases[] = {
		{ "all there", "default", { "TP01:original:1 TP02:copy:1" }, 0, "gg", NULL, "[]", "" },
		{ "all there, not fetched", "default", { "TP01:original:1 TP02:copy:1" }, 0, "", NULL, "[]", "" },
		{ "optional too", "default", { "TP01:original:1 TP02:copy:1 TP03:copy:1" }, 0, "ggg", NULL, "[]", "" },
		{ "nothing", "default", { "" }, 0, "", NULL, "[\"TP01\",\"TP02\"]", "" },
		{ "one missing, though a register may replace it", "default", { "TP01:original:1" }, 0, "g", NULL,
		    "[\"TP02\"]", "" },
		{ "another case needs more", "late", { "TP01:original:1 TP02:copy:1" }, 0, "gg", NULL, "[\"TP05\"]", "" },
		{ "order of the catalogue", "late", { "TP02:copy:1" }, 0, "g", NULL, "[\"TP01\",\"TP05\"]", "" },

		{ "kind not accepted", "default", { "TP01:original:1 TP02:original:1" }, 0, "gg", NULL, "[\"TP02\"]",
		    "TP02 component.kind" },
		{ "most files", "default", { "TP01:original:5 TP02:copy:2" }, 0, "ggggggg", NULL, "[]", "" },
		{ "one file more", "default", { "TP01:original:6 TP02:copy:2" }, 0, "gggggggg", NULL, "[\"TP01\"]",
		    "TP01 component.files" },
		{ "one file more of the other", "default", { "TP01:original:5 TP02:copy:3" }, 0, "gggggggg", NULL, "[\"TP02\"]",
		    "TP02 component.files" },
		{ "absent", "default", { "TP01:original:2 TP02:copy:1" }, 0, "gag", NULL, "[\"TP01\"]", "TP01/1 file.absent" },
		{ "size", "default", { "TP01:original:1 TP02:copy:1" }, 0, "sg", NULL, "[\"TP01\"]", "TP01/0 file.size" },
		{ "digest", "default", { "TP01:original:1 TP02:copy:2" }, 0, "ggd", NULL, "[\"TP02\"]", "TP02/1 file.digest" },
		{ "everything wrong", "default", { "TP01:original:1 TP02:original:3" }, 0, "aasd", NULL, "[\"TP01\",\"TP02\"]",
		    "TP01/0 file.absent; TP02 component.kind; TP02 component.files; TP02/0 file.absent; TP02/1 file.size; "
		    "TP02/2 file.digest" },
		{ "optional one unsound: a problem, not missing", "default", { "TP01:original:1 TP02:copy:1 TP03:copy:1" }, 0,
		    "gga", NULL, "[]", "TP03/0 file.absent" },

		{ "supplement completes", "default", { "TP01:original:1", "TP02:copy:1" }, 1, "g", "[\"TP02\"]", "[]", "" },
		{ "supplement brings something else", "default", { "TP01:original:1", "TP03:copy:1" }, 1, "g", "[\"TP02\"]",
		    "[\"TP02\"]", "" },
		{ "asked for again, not brought", "default", { "TP01:original:1 TP02:copy:1", "TP03:copy:1" }, 1, "g",
		    "[\"TP01\",\"TP03\"]", "[\"TP01\"]", "" },
		{ "asked for and brought", "default", { "TP01:original:1 TP02:copy:1", "TP01:original:1" }, 1, "g",
		    "[\"TP01\"]", "[]", "" },
		{ "optional one asked for, not brought", "default", { "TP01:original:1 TP02:copy:1", "TP01:original:1" }, 1, "g",
		    "[\"TP03\"]", "[\"TP03\"]", "" },
		{ "optional one asked for, unsound", "default", { "TP01:original:1 TP02:copy:1", "TP03:copy:1" }, 1, "s",
		    "[\"TP03\"]", "[\"TP03\"]", "TP03/0 file.size" },
		{ "asked for, unsound again", "default", { "TP01:original:1 TP02:copy:1", "TP01:original:1" }, 1, "d",
		    "[\"TP01\"]", "[\"TP01\"]", "TP01/0 file.digest" },
		{ "only a form", "default", { "TP01:original:1 TP02:copy:1", "" }, 1, "", NULL, "[]", "" },
		{ "third round, none asked", "default", { "TP01:original:1", "TP03:copy:1", "TP02:copy:1" }, 2, "g", "[]", "[]",
		    "" },
		{ "an earlier round is answered without the later one", "default", { "TP01:original:1", "TP03:copy:1",
		    "TP02:copy:1" }, 1, "g", NULL, "[\"TP02\"]", "" },
	};
	const struct procedure *birth = catalogue_procedure_version(cat, TEXT("1.001193"), 1);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct verification_round rounds[3];
		enum file_state files[16];
		struct verification_request request = { .its_case = procedure_case(birth, text_of(cases[i].its_case)),
		    .rounds = rounds, .round = cases[i].answer, .files = files, .n_files = strlen(cases[i].files) };
		struct verification_verdict verdict;

		for (; request.n_rounds < 3 && cases[i].round[request.n_rounds] != NULL; request.n_rounds++)
			rounds[request.n_rounds] = (struct verification_round){ request.n_rounds,
			    sent(cases[i].round[request.n_rounds]) };
		for (size_t k = 0; k < request.n_files; k++)
			files[k] = (enum file_state)(strchr(".gasd", cases[i].files[k]) - ".gasd");
		if (cases[i].asked != NULL)
			request.asked = shipped_doc(arena, text_of(cases[i].asked));
		verification_judge(&request, arena, &verdict);
		cr_expect_str_eq(verdict.missing.s, cases[i].missing, "%s: %s", cases[i].name, verdict.missing.s);
		cr_expect_str_eq(problems_line(verdict.problems), cases[i].problems, "%s: %s", cases[i].name,
		    verdict.problems.s);
		cr_expect_eq(verdict.is_passed, strcmp(cases[i].missing, "[]") == 0 && cases[i].problems[0] == '\0', "%s",
		    cases[i].name);
	}
}

Test(verification, no_components_needed)
{
	const struct procedure *card = catalogue_procedure_version(cat, TEXT("9.000010"), 1);
	struct verification_round round = { 0, sent("") };
	struct verification_request request = { .its_case = procedure_case(card, TEXT("default")), .rounds = &round,
	    .n_rounds = 1 };
	struct verification_verdict verdict;

	verification_judge(&request, arena, &verdict);
	cr_expect(verdict.is_passed);
	cr_expect_str_eq(verdict.missing.s, "[]");
	cr_expect_str_eq(verdict.problems.s, "[]");
}

Test(verification, files)
{
	static const struct {
		const char	*name;
		int64_t		declared;
		const char	*bytes;		/* NULL: longer than declared */
		bool		same;		/* is the declared digest the right one */
		enum file_state	state;
	} cases[] = {
		{ "good", 3, "abc", true, FILE_GOOD },
		{ "shorter", 4, "abc", true, FILE_SIZE },
		{ "longer by one", 2, "abc", true, FILE_SIZE },
		{ "cut off", 3, NULL, true, FILE_SIZE },
		{ "other bytes", 3, "abd", false, FILE_DIGEST },
		{ "size before digest", 2, "abd", false, FILE_SIZE },
		{ "empty", 0, "", true, FILE_GOOD },
		{ "no size declared", -1, "abc", true, FILE_SIZE },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text bytes = text_of(cases[i].bytes != NULL ? cases[i].bytes : "");
		uint8_t digest[DIGEST_BYTES];
		char hex[2 * DIGEST_BYTES + 1];

		digest_bytes(bytes.s, bytes.n, digest);
		text_hex(digest, sizeof digest, hex);
		if (!cases[i].same)
			hex[0] = hex[0] == 'a' ? 'b' : 'a';
		cr_expect_eq(file_state_of(cases[i].declared, text_of(hex), bytes.n, cases[i].bytes != NULL ? digest : NULL),
		    cases[i].state, "%s", cases[i].name);
	}
	cr_expect_eq(file_state_of(0, TEXT("00"), 0, (const uint8_t[DIGEST_BYTES]){ 0 }), FILE_DIGEST);
}

/* Only these answers are about the file; everything else is the store's trouble. */
Test(verification, statuses)
{
	for (int status = 0; status < 700; status++)
		cr_expect_eq(file_status_is_certain(status), status == 200 || status == 404 || status == 410, "%d", status);
}

Test(verification, files_in_order)
{
	const struct doc_node *data = sent("TP01:original:2 TP02:copy:0 TP03:copy:1");

	cr_expect_eq(verification_files(data), 3);
	cr_expect(text_is(doc_get_text(verification_file(data, 1), "uri"), "TP01-1"));
	cr_expect(text_is(doc_get_text(verification_file(data, 2), "uri"), "TP03-0"));
	cr_expect_null(verification_file(data, 3));
	cr_expect_eq(verification_files(NULL), 0);
	cr_expect_null(verification_file(NULL, 0));
}

/* Nothing of a name or a path reaches a journal. */
Test(verification, problems_echo_nothing)
{
	struct verification_round round = { 0, shipped_doc(arena, TEXT("{\"components\":[{\"code\":\"TP01\",\"kind\":\"copy\","
	    "\"files\":[{\"name\":\"Nguyen Van A.pdf\",\"uri\":\"nguyen-1\",\"size\":5}]}]}")) };
	enum file_state absent = FILE_ABSENT;
	struct verification_request request = { .its_case = procedure_case(catalogue_procedure_version(cat,
	    TEXT("1.001193"), 1), TEXT("default")), .rounds = &round, .n_rounds = 1, .files = &absent, .n_files = 1 };
	struct verification_verdict verdict;

	verification_judge(&request, arena, &verdict);
	cr_expect_null(strstr(verdict.problems.s, "guyen"), "%s", verdict.problems.s);
}
