/* fee_tariff: what is owed, and on which ground. */
#include <criterion/criterion.h>

#include "../../services/fee/fee_tariff.h"
#include "clock.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(0);
}

static void
teardown(void)
{
	arena_free(arena);
}

TestSuite(tariff, .init = setup, .fini = teardown);

enum { DAY_2025 = 20089, DAY_2026 = 20454, DAY_2027 = 20819 };	/* 1 January */

#define PHI(code_, amount_) { .code = TEXT(code_), .kind = FEE_PHI, .amount_dong = (amount_), \
	.online_dong = FEE_NOT_REDUCED, .moment = FEE_AT_RECEPTION, .effective_from = DAY_2026, \
	.effective_to = FEE_OPEN_END, .citation = TEXT("TT 1") }

static const struct fee_tariff_row two_rows[] = {
	{ TEXT("A"), TEXT("Phí thẩm định"), TEXT("Assessment fee"), FEE_PHI, 500000, 250000,
	  TEXT("TT 63/2023/TT-BTC"), FEE_AT_RECEPTION, DAY_2026, FEE_OPEN_END, TEXT("TT 1") },
	{ TEXT("B"), TEXT("Lệ phí cấp giấy"), TEXT("Licence charge"), FEE_LE_PHI, 33333, FEE_NOT_REDUCED,
	  TEXT_NONE, FEE_AT_RESULT, DAY_2026, FEE_OPEN_END, TEXT("TT 2") },
};

static const struct fee_exemption grounds[] = {
	{ TEXT("POOR"), TEXT("Luật 97/2015/QH13 Điều 10"), 100, FEE_EVERY_KIND, DAY_2025, FEE_OPEN_END },
	{ TEXT("HALF"), TEXT("TT 3"), 50, FEE_EVERY_KIND, DAY_2025, FEE_OPEN_END },
	{ TEXT("LP"), TEXT("TT 4"), 100, FEE_LE_PHI, DAY_2025, FEE_OPEN_END },
	{ TEXT("OLD"), TEXT("TT 5"), 100, FEE_EVERY_KIND, DAY_2025, DAY_2026 - 1 },
	{ TEXT("THIRD"), TEXT("TT 6"), 33, FEE_EVERY_KIND, DAY_2025, FEE_OPEN_END },
};

static struct fee_request
request_of(const struct fee_tariff_row *rows, size_t n)
{
	return (struct fee_request){ rows, n, grounds, sizeof grounds / sizeof *grounds, FEE_COUNTER,
	    TEXT_NONE, DAY_2026 + 100, FEE_EVERY_MOMENT };
}

Test(tariff, amounts)
{
	static const struct {
		const char	*name;
		enum fee_channel channel;
		const char	*ground;
		int		moments;
		int64_t		phi, le_phi;
		size_t		lines;
		bool		reduced, exempted, unknown;
	} cases[] = {
		{ "counter", FEE_COUNTER, NULL, 7, 500000, 33333, 2, false, false, false },
		{ "postal", FEE_POSTAL, NULL, 7, 500000, 33333, 2, false, false, false },
		{ "online", FEE_ONLINE, NULL, 7, 250000, 33333, 2, true, false, false },
		{ "freed", FEE_COUNTER, "POOR", 7, 0, 0, 2, false, true, false },
		{ "half, rounded down", FEE_COUNTER, "HALF", 7, 250000, 16666, 2, false, true, false },
		{ "half of the online amount", FEE_ONLINE, "HALF", 7, 125000, 16666, 2, true, true, false },
		{ "a third off", FEE_COUNTER, "THIRD", 7, 335000, 22333, 2, false, true, false },
		{ "only le phi freed", FEE_COUNTER, "LP", 7, 500000, 0, 2, false, true, false },
		{ "ground over", FEE_COUNTER, "OLD", 7, 500000, 33333, 2, false, false, true },
		{ "ground unknown", FEE_COUNTER, "X", 7, 500000, 33333, 2, false, false, true },
		{ "ground empty", FEE_COUNTER, "", 7, 500000, 33333, 2, false, false, true },
		{ "at reception", FEE_ONLINE, NULL, FEE_AT_RECEPTION, 250000, 0, 1, true, false, false },
		{ "at result", FEE_ONLINE, NULL, FEE_AT_RESULT, 0, 33333, 1, false, false, false },
		{ "at supplement", FEE_ONLINE, NULL, FEE_AT_SUPPLEMENT, 0, 0, 0, false, false, false },
		{ "le phi ground at reception", FEE_COUNTER, "LP", FEE_AT_RECEPTION, 500000, 0, 1, false, false, false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fee_request request = request_of(two_rows, 2);
		struct fee_due due;
		struct err err;

		request.channel = cases[i].channel;
		request.exemption_code = text_of(cases[i].ground);
		request.moments = cases[i].moments;
		cr_assert_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE, "%s", cases[i].name);
		cr_expect_eq(due.phi_dong, cases[i].phi, "%s: %ld", cases[i].name, (long)due.phi_dong);
		cr_expect_eq(due.le_phi_dong, cases[i].le_phi, "%s: %ld", cases[i].name,
		    (long)due.le_phi_dong);
		cr_expect_eq(due.total_dong, cases[i].phi + cases[i].le_phi, "%s", cases[i].name);
		cr_expect_eq(due.n_lines, cases[i].lines, "%s", cases[i].name);
		cr_expect_eq(due.is_reduced, cases[i].reduced, "%s", cases[i].name);
		cr_expect_eq(due.is_exempted, cases[i].exempted, "%s", cases[i].name);
		cr_expect_eq(due.is_exemption_unknown, cases[i].unknown, "%s", cases[i].name);
		cr_expect_eq(due.reduction_citation.n > 0, cases[i].reduced, "%s", cases[i].name);
		cr_expect_eq(due.exemption_citation.n > 0, cases[i].exempted, "%s", cases[i].name);
	}
}

Test(tariff, lines)
{
	struct fee_request request = request_of(two_rows, 2);
	struct fee_due due;
	struct err err;

	request.channel = FEE_ONLINE;
	request.exemption_code = TEXT("LP");
	cr_assert_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect(text_is(due.lines[0].code, "A") && due.lines[0].kind == FEE_PHI &&
	    due.lines[0].tariff_dong == 500000 && due.lines[0].due_dong == 250000 &&
	    due.lines[0].is_reduced && !due.lines[0].is_exempted &&
	    due.lines[0].moment == FEE_AT_RECEPTION && text_is(due.lines[0].citation, "TT 1"));
	cr_expect(text_is(due.lines[1].name_en, "Licence charge") && due.lines[1].tariff_dong == 33333 &&
	    due.lines[1].due_dong == 0 && due.lines[1].is_exempted && !due.lines[1].is_reduced);
	cr_expect(text_is(due.reduction_citation, "TT 63/2023/TT-BTC"));
	cr_expect(text_is(due.exemption_citation, "TT 4") && due.exemption_percent == 100);
}

/* Both sides of the days in force. */
Test(tariff, days_in_force)
{
	static const struct fee_tariff_row rows[] = {
		{ TEXT("A"), TEXT_NONE, TEXT_NONE, FEE_PHI, 100, FEE_NOT_REDUCED, TEXT_NONE, FEE_AT_RECEPTION,
		  DAY_2025, DAY_2026 - 1, TEXT("old") },
		{ TEXT("A"), TEXT_NONE, TEXT_NONE, FEE_PHI, 200, FEE_NOT_REDUCED, TEXT_NONE, FEE_AT_RECEPTION,
		  DAY_2026, DAY_2027 - 1, TEXT("new") },
	};
	static const struct { int64_t day; int64_t dong; } cases[] = {
		{ DAY_2025 - 1, -1 }, { DAY_2025, 100 }, { DAY_2026 - 1, 100 }, { DAY_2026, 200 },
		{ DAY_2027 - 1, 200 }, { DAY_2027, -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fee_request request = request_of(rows, 2);
		struct fee_due due = { .total_dong = 42 };
		struct err err = { 0 };
		enum fault fault;

		request.reception_day = cases[i].day;
		fault = fee_reckon(&request, arena, &due, &err);
		if (cases[i].dong < 0) {
			cr_expect_eq(fault, FAULT_PARK);
			cr_expect_str_eq(err.code, "no_tariff");
			cr_expect_eq(due.total_dong, 42, "output untouched");
		} else {
			cr_expect_eq(fault, FAULT_NONE);
			cr_expect_eq(due.total_dong, cases[i].dong, "%zu", i);
		}
	}
	cr_expect_eq(days_from_civil(2025, 1, 1), DAY_2025);
	cr_expect_eq(days_from_civil(2026, 1, 1), DAY_2026);
	cr_expect_eq(days_from_civil(2027, 1, 1), DAY_2027);
}

Test(tariff, free_procedure)
{
	struct fee_request request = request_of(NULL, 0);
	struct fee_tariff_row nothing = PHI("A", 0);
	struct fee_due due;
	struct err err;

	cr_assert_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect(due.total_dong == 0 && due.n_lines == 0 && !due.is_exempted);
	request = request_of(&nothing, 1);
	cr_assert_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect(due.total_dong == 0 && due.n_lines == 1);
}

Test(tariff, refused_rows)
{
	struct fee_tariff_row good = PHI("A", 100), row;
	static const char *const names[] = { "kind", "moment", "negative", "no citation",
	    "online above", "online below", "online without citation", "online equal" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct fee_request request = request_of(&row, 1);
		struct fee_due due;
		struct err err = { 0 };

		row = good;
		row.online_citation = TEXT("TT 9");
		switch (i) {
		case 0: row.kind = FEE_EVERY_KIND; break;
		case 1: row.moment = FEE_EVERY_MOMENT; break;
		case 2: row.amount_dong = -1; break;
		case 3: row.citation = TEXT(""); break;
		case 4: row.online_dong = 101; break;
		case 5: row.online_dong = -2; break;
		case 6: row.online_dong = 50; row.online_citation = TEXT_NONE; break;
		case 7: row.online_dong = 100; break;
		}
		request.channel = FEE_ONLINE;
		if (i == 7) {	/* the same online: no reduction */
			cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
			cr_expect(due.total_dong == 100 && !due.is_reduced);
			continue;
		}
		cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_PARK, "%s", names[i]);
		cr_expect_str_eq(err.code, "bad_row", "%s", names[i]);
		/* Also when it is not the row in force. */
		row.effective_to = DAY_2026;
		cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_PARK, "%s", names[i]);
	}
}

Test(tariff, refused_exemptions)
{
	static const struct { int percent, kinds; const char *citation; enum fault fault; } cases[] = {
		{ 0, 3, "c", FAULT_PARK }, { 1, 3, "c", FAULT_NONE }, { 100, 1, "c", FAULT_NONE },
		{ 101, 3, "c", FAULT_PARK }, { 50, 0, "c", FAULT_PARK }, { 50, 4, "c", FAULT_PARK },
		{ 50, 2, "", FAULT_PARK },
	};
	struct fee_tariff_row row = PHI("A", 100);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fee_exemption ground = { TEXT("E"), text_of(cases[i].citation), cases[i].percent,
		    cases[i].kinds, DAY_2025, FEE_OPEN_END };
		struct fee_request request = request_of(&row, 1);
		struct fee_due due;
		struct err err = { 0 };

		request.exemptions = &ground;
		request.n_exemptions = 1;
		cr_expect_eq(fee_reckon(&request, arena, &due, &err), cases[i].fault, "%zu", i);
		if (cases[i].fault != FAULT_NONE)
			cr_expect_str_eq(err.code, "bad_exemption");
	}
}

Test(tariff, one_code_twice)
{
	struct fee_tariff_row rows[] = { PHI("A", 100), PHI("B", 1), PHI("A", 200) };
	struct fee_request request = request_of(rows, 3);
	struct fee_due due;
	struct err err = { 0 };

	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_PARK);
	cr_expect_str_eq(err.code, "ambiguous");
	rows[0].effective_to = request.reception_day - 1;
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect_eq(due.total_dong, 201);
	rows[0].effective_to = request.reception_day;
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_PARK);
}

Test(tariff, large_amounts)
{
	struct fee_tariff_row rows[] = { PHI("A", INT64_MAX), PHI("B", 0) };
	struct fee_request request = request_of(rows, 2);
	struct fee_due due;
	struct err err = { 0 };

	rows[1].kind = FEE_LE_PHI;
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect_eq(due.total_dong, INT64_MAX);
	rows[1].amount_dong = 1;
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_PARK);
	cr_expect_str_eq(err.code, "overflow");
	rows[1].kind = FEE_PHI;
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_PARK);
	request.exemption_code = TEXT("HALF");	/* a percentage of the largest amount */
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect_eq(due.total_dong, INT64_MAX / 2);
	rows[0].amount_dong = 3;
	rows[1].amount_dong = 1;
	cr_expect_eq(fee_reckon(&request, arena, &due, &err), FAULT_NONE);
	cr_expect_eq(due.total_dong, 1, "each line is rounded down");
}
