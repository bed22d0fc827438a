/* intake_code - see intake_code.h. */
#include "intake_code.h"

#include <stdlib.h>

enum { SERIAL_DIGITS_LEAST = 4, SERIAL_DIGITS_MOST = 9, BLOCK_TURNS = 8 };

/* --- the code ------------------------------------------------------------------ */

static enum fault
refuse(struct err *err, const struct agency *agency, const char *what)
{
	return err_set(err, FAULT_PARK, "intake_code", "agency", "%.*s: %s", TEXT_ARG(agency->code), what);
}

enum fault
intake_code_make(struct arena *arena, const struct agency *agency, int64_t day, int64_t serial, struct text *out,
    struct err *err)
{
	struct text form = doc_get_text(agency->body, "code_form"), prefix = doc_get_text(agency->body, "code_prefix"),
	    owner = doc_get_text(agency->body, "code_owner");
	int64_t digits = SERIAL_DIGITS_LEAST;
	int year, month, date;

	if (!text_is(form, "A") && !text_is(form, "B") && !text_is(form, "C"))
		return refuse(err, agency, "code_form is none of A, B, C");
	if (prefix.n == 0)
		return refuse(err, agency, "no code_prefix");
	if (text_is(form, "C") && owner.n != 2)
		return refuse(err, agency, "form C needs two digits of the owner");
	if (serial < 1)
		return refuse(err, agency, "serial numbers begin at 1");
	(void)doc_get_int64(agency->body, "serial_digits", &digits);
	if (digits < SERIAL_DIGITS_LEAST || digits > SERIAL_DIGITS_MOST)
		return refuse(err, agency, "serial_digits outside 4 to 9");
	civil_from_days(day, &year, &month, &date);
	*out = arena_printf(arena, "%.*s-%02d%02d%02d-%.*s%0*lld", TEXT_ARG(prefix), year % 100, month, date,
	    text_is(form, "C") ? 2 : 0, owner.n > 0 ? owner.s : "", (int)digits, (long long)serial);
	return FAULT_NONE;
}

/* --- serials ------------------------------------------------------------------- */

struct block {
	char	*agency;
	size_t	agency_n;
	int64_t	day;
	int64_t	next, end;	/* [next, end) is in hand */
	int64_t	spare, spare_end;	/* what to go on with afterwards */
};

/* Few agencies are busy at one worker at once; the list is kept short by forgetting used-up days. */
struct serials {
	struct block	*block;
	int		n, room;
	int		last;	/* where the last one was found: the next is likely the same */
};

struct serials *
serials_new(void)
{
	return mem_new(1, sizeof(struct serials));
}

void
serials_free(struct serials *serials)
{
	if (serials == NULL)
		return;
	for (int i = 0; i < serials->n; i++)
		free(serials->block[i].agency);
	free(serials->block);
	free(serials);
}

static bool
block_is(const struct block *block, struct text agency, int64_t day)
{
	return block->day == day && text_is_equal((struct text){ block->agency, block->agency_n }, agency);
}

static struct block *
block_find(const struct serials *serials, struct text agency, int64_t day)
{
	if (serials->last < serials->n && block_is(&serials->block[serials->last], agency, day))
		return &serials->block[serials->last];
	for (int i = 0; i < serials->n; i++)
		if (block_is(&serials->block[i], agency, day))
			return &serials->block[i];
	return NULL;
}

static int64_t
block_left(const struct block *block)
{
	return block == NULL ? 0 : block->end - block->next + block->spare_end - block->spare;
}

int
serial_need_add(struct serial_need *needs, int n, struct text agency, int64_t day)
{
	for (int i = 0; i < n; i++)
		if (needs[i].day == day && text_is_equal(needs[i].agency, agency)) {
			needs[i].n++;
			return n;
		}
	needs[n] = (struct serial_need){ agency, day, 1 };
	return n + 1;
}

static int
need_compare(const void *a, const void *b)
{
	const struct serial_need *x = a, *y = b;
	size_t n = x->agency.n < y->agency.n ? x->agency.n : y->agency.n;
	int order = n > 0 ? memcmp(x->agency.s, y->agency.s, n) : 0;

	if (order == 0)
		order = (x->agency.n > y->agency.n) - (x->agency.n < y->agency.n);
	return order != 0 ? order : (x->day > y->day) - (x->day < y->day);
}

int
serials_short(const struct serials *serials, struct serial_need *needs, int n, int64_t block)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		if (block_left(block_find(serials, needs[i].agency, needs[i].day)) >= needs[i].n)
			continue;
		needs[kept] = needs[i];
		/* One submission takes one block; a busy turn takes enough for the next turns too. */
		if (needs[kept].n > 1)
			needs[kept].n *= BLOCK_TURNS;
		if (needs[kept].n < block)
			needs[kept].n = block;
		kept++;
	}
	if (kept > 1)
		qsort(needs, (size_t)kept, sizeof *needs, need_compare);
	return kept;
}

/* A place that a finished day has left, or a new one. */
static struct block *
block_new(struct serials *serials, struct text agency, int64_t day)
{
	struct block *block = NULL;

	for (int i = 0; i < serials->n && block == NULL; i++)
		if (serials->block[i].day < day - 2)
			block = &serials->block[i];
	if (block == NULL) {
		if (serials->n == serials->room) {
			serials->room = serials->room * 2 + 16;
			serials->block = mem_grow(serials->block, (size_t)serials->room, sizeof *serials->block);
		}
		block = &serials->block[serials->n++];
		block->agency = NULL;
	}
	free(block->agency);
	*block = (struct block){ .agency = mem_new(agency.n + 1, 1), .agency_n = agency.n, .day = day };
	memcpy(block->agency, agency.s, agency.n);
	return block;
}

void
serials_put(struct serials *serials, struct text agency, int64_t day, int64_t next, int64_t n)
{
	struct block *block = block_find(serials, agency, day);

	if (block == NULL)
		block = block_new(serials, agency, day);
	if (block->next == block->end) {
		block->next = next - n;
		block->end = next;
		return;
	}
	/* A third block while two are in hand is more than anybody needs: the older spare is burnt. */
	block->spare = next - n;
	block->spare_end = next;
}

int64_t
serials_take(struct serials *serials, struct text agency, int64_t day)
{
	struct block *block = block_find(serials, agency, day);

	if (block == NULL)
		return 0;
	serials->last = (int)(block - serials->block);
	if (block->next == block->end) {
		block->next = block->spare;
		block->end = block->spare_end;
		block->spare = block->spare_end = 0;
	}
	return block->next < block->end ? block->next++ : 0;
}
