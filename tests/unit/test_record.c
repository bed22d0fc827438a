/* record: packed and unpacked byte for byte, absent told from empty, and nothing torn is taken for whole. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "record.h"

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

TestSuite(record, .init = setup, .fini = teardown);

#define BYTES(literal) { literal, sizeof(literal) - 1 }
#define NONE { NULL, 0 }

static const struct {
	const char	*name;
	struct record	record;
	struct text	packed;
} records[] = {
	{ "nothing at all", { .key = NONE, .value = NONE },
	    BYTES("\xff\xff\xff\xff" "\0\0\0\0" "\xff\xff\xff\xff") },
	{ "all empty", { .key = BYTES(""), .value = BYTES("") }, BYTES("\0\0\0\0" "\0\0\0\0" "\0\0\0\0") },
	{ "tombstone", { .key = BYTES("k"), .value = NONE }, BYTES("\0\0\0\1k" "\0\0\0\0" "\xff\xff\xff\xff") },
	{ "no key", { .key = NONE, .value = BYTES("v") }, BYTES("\xff\xff\xff\xff" "\0\0\0\0" "\0\0\0\1v") },
	{ "headers in order", { .key = BYTES("key"), .value = BYTES("{}"), .n_headers = 3,
	    .headers = { { BYTES("b"), BYTES("1") }, { BYTES("a"), BYTES("22") }, { BYTES("b"), BYTES("") } } },
	    BYTES("\0\0\0\3key" "\0\0\0\3" "\0\0\0\1b" "\0\0\0\1" "1" "\0\0\0\1a" "\0\0\0\2" "22"
	    "\0\0\0\1b" "\0\0\0\0" "\0\0\0\2{}") },
	{ "a header without a value", { .key = BYTES(""), .value = BYTES(""), .n_headers = 1,
	    .headers = { { BYTES("h"), NONE } } },
	    BYTES("\0\0\0\0" "\0\0\0\1" "\0\0\0\1h" "\xff\xff\xff\xff" "\0\0\0\0") },
	{ "any bytes", { .key = BYTES("\0\xff"), .value = BYTES("\0\0\0\1"), .n_headers = 1,
	    .headers = { { BYTES("\n"), BYTES("\0") } } },
	    BYTES("\0\0\0\2\0\xff" "\0\0\0\1" "\0\0\0\1\n" "\0\0\0\1\0" "\0\0\0\4\0\0\0\1") },
};

enum { RECORDS = sizeof records / sizeof *records };

static struct text
packed(const struct record *record)
{
	struct buf buf = buf_in(arena);

	record_pack(record, &buf);
	return buf_get(&buf);
}

/* In a block of its own size, so that a byte read beyond it is found. */
static struct text
alone(struct text t)
{
	char *p = mem_new(t.n, 1);

	if (t.n > 0)
		memcpy(p, t.s, t.n);
	return (struct text){ p, t.n };
}

static void
alone_free(struct text t)
{
	free((void *)(uintptr_t)t.s);
}

static bool
same(struct text a, struct text b)
{
	return text_is_absent(a) == text_is_absent(b) && text_is_equal(a, b);
}

static bool
same_record(const struct record *a, const struct record *b)
{
	if (!same(a->key, b->key) || !same(a->value, b->value) || a->n_headers != b->n_headers)
		return false;
	for (int i = 0; i < a->n_headers; i++)
		if (!same(a->headers[i].name, b->headers[i].name) || !same(a->headers[i].value, b->headers[i].value))
			return false;
	return true;
}

Test(record, packs)
{
	for (int i = 0; i < RECORDS; i++)
		cr_expect(text_is_equal(packed(&records[i].record), records[i].packed), "%s", records[i].name);
}

Test(record, unpacks)
{
	for (int i = 0; i < RECORDS; i++) {
		struct text bytes = alone(records[i].packed);
		struct record out;

		cr_expect(record_unpack(bytes, &out), "%s", records[i].name);
		cr_expect(same_record(&out, &records[i].record), "%s", records[i].name);
		alone_free(bytes);
	}
}

Test(record, borrows_from_the_packed_bytes)
{
	struct record out;

	cr_assert(record_unpack(records[4].packed, &out));
	cr_assert_eq(out.key.s, records[4].packed.s + 4);
	cr_assert_eq(out.value.s + out.value.n, records[4].packed.s + records[4].packed.n);
}

Test(record, torn_at_every_length)
{
	struct record out;

	for (int i = 0; i < RECORDS; i++) {
		for (size_t n = 0; n < records[i].packed.n; n++) {
			struct text torn = alone((struct text){ records[i].packed.s, n });

			cr_expect(!record_unpack(torn, &out), "%s, %zu bytes", records[i].name, n);
			alone_free(torn);
		}
	}
	cr_assert(!record_unpack(TEXT_NONE, &out));
}

Test(record, more_than_a_record)
{
	for (int i = 0; i < RECORDS; i++) {
		struct record out;

		cr_expect(!record_unpack(arena_printf(arena, "%*s", (int)records[i].packed.n + 1, ""), &out));
		cr_expect(!record_unpack((struct text){ arena_copy(arena, records[i].packed.s, records[i].packed.n).s,
		    records[i].packed.n + 1 }, &out), "%s and a NUL", records[i].name);
	}
}

/* Any one byte changed: refused, or another record that packs to exactly these bytes. Never a crash. */
Test(record, one_wrong_byte)
{
	struct record out;

	for (int i = 0; i < RECORDS; i++)
		for (size_t at = 0; at < records[i].packed.n; at++)
			for (int change = 1; change < 256; change++) {
				struct text bytes = alone(records[i].packed);

				((char *)(uintptr_t)bytes.s)[at] ^= (char)change;
				if (record_unpack(bytes, &out))
					cr_assert(text_is_equal(packed(&out), bytes), "%s, byte %zu ^ %d",
					    records[i].name, at, change);
				alone_free(bytes);
			}
}

Test(record, impossible_lengths)
{
	static const struct { const char *name; struct text packed; } cases[] = {
		{ "key one too long", BYTES("\0\0\0\x09" "\0\0\0\0\0\0\0\0") },
		{ "key of nearly four gigabytes", BYTES("\xff\xff\xff\xfe" "\0\0\0\0\0\0\0\0") },
		{ "absent count", BYTES("\0\0\0\0" "\xff\xff\xff\xff" "\0\0\0\0") },
		{ "value of half of all", BYTES("\0\0\0\0" "\0\0\0\0" "\x80\0\0\0") },
		{ "headers that are not there", BYTES("\0\0\0\0" "\0\0\0\1" "\0\0\0\0") },
	};
	struct record out;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text bytes = alone(cases[i].packed);

		cr_expect(!record_unpack(bytes, &out), "%s", cases[i].name);
		alone_free(bytes);
	}
}

Test(record, as_many_headers_as_there_is_room_for)
{
	struct record record = { .key = TEXT("k"), .value = TEXT("v") }, out;
	struct buf more = buf_in(arena);

	for (int i = 0; i < RECORD_HEADERS_MAX; i++)
		cr_assert(record_header(&record, arena_printf(arena, "h%d", i).s, TEXT("x")));
	cr_assert(!record_header(&record, "one-more", TEXT("x")));
	cr_assert_eq(record.n_headers, RECORD_HEADERS_MAX);
	cr_assert(record_unpack(packed(&record), &out));
	cr_assert(same_record(&out, &record));

	/* The same with one more, made by hand. */
	buf_lp(&more, "k", 1);
	buf_put(&more, "\0\0\0", 3);
	buf_put(&more, &(char){ RECORD_HEADERS_MAX + 1 }, 1);
	for (int i = 0; i <= RECORD_HEADERS_MAX; i++) {
		buf_lp(&more, "h", 1);
		buf_lp(&more, "x", 1);
	}
	buf_lp(&more, "v", 1);
	cr_assert(!record_unpack(buf_get(&more), &out));
}

Test(record, finds_headers)
{
	struct record record = { .n_headers = 0 };

	record_header(&record, "ce_type", TEXT("first"));
	record_header(&record, "Content-Type", TEXT("application/json"));
	record_header(&record, "ce_type", TEXT("second"));
	record_header(&record, "empty", TEXT(""));
	record_header(&record, "none", TEXT_NONE);
	cr_expect(text_is(record_find(&record, "ce_type"), "first"));
	cr_expect(text_is(record_find(&record, "CE_TYPE"), "first"));
	cr_expect(text_is(record_find(&record, "content-type"), "application/json"));
	cr_expect(text_is(record_find(&record, "empty"), ""));
	cr_expect(text_is_absent(record_find(&record, "none")));
	cr_expect(text_is_absent(record_find(&record, "ce_typ")));
	cr_expect(text_is_absent(record_find(&record, "ce_type_")));
	cr_expect(text_is_absent(record_find(&record, "ce-type")));
}

Test(record, takes_runs)
{
	struct text bytes = BYTES("\0\0\0\2ab" "\0\0\0\0" "\xff\xff\xff\xff" "\0\0\0\1"), run;
	size_t at = 0;

	cr_assert(lp_take(bytes, &at, &run));
	cr_assert(text_is(run, "ab"));
	cr_assert(lp_take(bytes, &at, &run));
	cr_assert(text_is(run, ""));
	cr_assert(lp_take(bytes, &at, &run));
	cr_assert(text_is_absent(run));
	cr_assert(!lp_take(bytes, &at, &run), "torn");
	at = bytes.n;
	cr_assert(!lp_take(bytes, &at, &run), "at the end");
	cr_assert_eq(at, bytes.n);
}
