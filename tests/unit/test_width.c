/* How wide a terminal shows what people write, and that nothing from outside steers it. */
#include <criterion/criterion.h>

/* dossierctl is no library: its pure parts are compiled in. */
#include "../../services/dossierctl/width.c"

Test(width, counts_columns_not_bytes)
{
	static const struct { const char *text; int width; } cases[] = {
		{ "", 0 }, { "abc", 3 }, { "Nguyễn Thị Ánh", 14 },
		{ "Nguye\xcc\x82\xcc\x83n", 6 },		/* the same, with combining marks */
		{ "Đ.Ô.", 4 }, { "日本", 4 }, { "\xff\xfe", 2 }, { "a\xe1\xba", 3 },
		{ "…", 1 }, { "\xe2\x80\x8b", 0 }
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(text_width(text_of(cases[i].text)), cases[i].width, "case %zu: %d", i,
		    text_width(text_of(cases[i].text)));
}

Test(width, shows_no_control_character)
{
	static const struct { const char *text, *shown; } cases[] = {
		{ "a\033[31mb", "a·[31mb" }, { "a\nb\tc", "a b c" }, { "\x7f\xc2\x9b", "··" },
		{ "\xe2\x80\xaeliam", "·liam" }, { "\xc3(", "\xef\xbf\xbd(" }, { "Đúng", "Đúng" }
	};
	struct arena *arena = arena_new(1 << 12);

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(text_is(text_shown(arena, text_of(cases[i].text)), cases[i].shown), "case %zu", i);
	arena_free(arena);
}

Test(width, times_are_those_of_viet_nam)
{
	struct arena *arena = arena_new(1 << 12);

	cr_expect(text_is(time_shown(arena, 0), "1970-01-01 07:00:00"));
	cr_expect(text_is_absent(time_shown(arena, TIME_NONE)));
	cr_expect(text_is(time_shown(arena, TIME_INFINITY), "infinity"));
	arena_free(arena);
}
