/*
 * lookup_match - see lookup_match.h.
 */
#include "lookup_match.h"

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "viet.h"

/* --- dates --------------------------------------------------------------------- */

/* One run of digits at *at, at most four long; its value and length. */
static bool
number_read(struct text t, size_t *at, int *value, size_t *length)
{
	size_t from = *at;

	*value = 0;
	while (*at < t.n && *at - from < 4 && t.s[*at] >= '0' && t.s[*at] <= '9')
		*value = *value * 10 + (t.s[(*at)++] - '0');
	*length = *at - from;
	return *length > 0;
}

/* Does it exist, as far as it is known? */
static bool
date_is_good(struct lookup_date date)
{
	if (date.month == 0 && date.day != 0)
		return false;
	return civil_exists(date.year, date.month == 0 ? 1 : date.month,
	    date.day == 0 ? 1 : date.day);
}

bool
lookup_date_from_text(struct text t, struct lookup_date *out)
{
	int part[3];
	size_t length[3], at = 0, n = 0;
	char separator = '\0';
	struct lookup_date date = { 0, 0, 0 };

	while (n < 3 && number_read(t, &at, &part[n], &length[n])) {
		n++;
		if (at == t.n)
			break;
		if ((t.s[at] != '-' && t.s[at] != '/') || (separator != '\0' && t.s[at] != separator))
			return false;
		separator = t.s[at++];
	}
	if (n == 0 || at != t.n || (separator != '\0' && t.s[at - 1] == separator))
		return false;
	/* The year is the part of four digits: first after ISO, last in Viet Nam. */
	if (length[0] == 4) {
		date = (struct lookup_date){ part[0], n > 1 ? part[1] : 0, n > 2 ? part[2] : 0 };
		length[0] = 2;
	} else if (length[n - 1] == 4 && n > 1) {
		date = (struct lookup_date){ part[n - 1], part[n - 2], n > 2 ? part[0] : 0 };
		length[n - 1] = 2;
	} else {
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (length[i] > 2)
			return false;
	if (!date_is_good(date))
		return false;
	*out = date;
	return true;
}

static bool
birth_is_equal(struct text a, struct text b)
{
	struct lookup_date x, y;

	if (!lookup_date_from_text(a, &x) || !lookup_date_from_text(b, &y))
		return text_is_equal(a, b);
	return x.year == y.year && (x.month == 0 || y.month == 0 || x.month == y.month) &&
	    (x.day == 0 || y.day == 0 || x.day == y.day);
}

/* --- names and numbers --------------------------------------------------------- */

static bool
name_is_equal(struct arena *arena, struct text a, struct text b)
{
	return text_is_equal(viet_key(arena, a), viet_key(arena, b));
}

/* Digits alone: "0100109106-001" and "0100109106 001" are one number. */
static struct text
digits_of(struct arena *arena, struct text t)
{
	char *digits = arena_take(arena, t.n + 1, 1);
	size_t n = 0;

	for (size_t i = 0; i < t.n; i++)
		if (t.s[i] >= '0' && t.s[i] <= '9')
			digits[n++] = t.s[i];
	return (struct text){ digits, n };
}

static bool
number_is_equal(struct arena *arena, struct text a, struct text b)
{
	struct text x = digits_of(arena, a), y = digits_of(arena, b);

	return x.n > 0 && text_is_equal(x, y);
}

/* Whole words of a folded name that stand for others. */
static const struct {
	const char	*brief;
	const char	*full;
} abbreviations[] = {
	{ "TNHH", "TRÁCH NHIỆM HỮU HẠN" },
	{ "CP", "CỔ PHẦN" },
	{ "MTV", "MỘT THÀNH VIÊN" },
	{ "DNTN", "DOANH NGHIỆP TƯ NHÂN" },
	{ "HTX", "HỢP TÁC XÃ" },
	{ "&", "VÀ" },
};

static void
word_put(struct arena *arena, struct buf *buf, struct text word)
{
	if (buf->n > 0)
		buf_puts(buf, " ");
	for (size_t i = 0; i < sizeof abbreviations / sizeof *abbreviations; i++)
		if (text_is(word, abbreviations[i].brief)) {
			buf_text(buf, viet_key(arena, text_of(abbreviations[i].full)));
			return;
		}
	buf_text(buf, word);
}

/* A folded business name, abbreviations written out, quotation marks and commas gone. */
static struct text
business_key(struct arena *arena, struct text name)
{
	struct text key = viet_key(arena, name), word;
	struct buf buf = buf_in(arena);
	size_t from = 0;

	for (size_t i = 0; i <= key.n; i++) {
		if (i < key.n && strchr(" \",.", key.s[i]) == NULL)
			continue;
		word = (struct text){ key.s + from, i - from };
		if (word.n > 0)
			word_put(arena, &buf, word);
		from = i + 1;
	}
	return buf_get(&buf);
}

/* --- verdicts ------------------------------------------------------------------ */

/* Should these two be compared?  Notes what the register leaves out. */
static bool
is_comparable(struct text declared, struct text answer, enum lookup_field field,
    struct lookup_verdict *verdict)
{
	if (declared.n == 0)
		return false;
	if (answer.n == 0)
		verdict->missing |= (int)field;
	return answer.n > 0;
}

static struct lookup_verdict
conclude(struct lookup_verdict verdict)
{
	verdict.outcome = (verdict.differing | verdict.missing) != 0 ? LOOKUP_MISMATCH :
	    LOOKUP_MATCH;
	return verdict;
}

struct lookup_verdict
lookup_match_person(struct arena *arena, const struct lookup_person *declared,
    const struct lookup_person *answer)
{
	struct lookup_verdict v = { LOOKUP_NOT_FOUND, 0, 0 };

	if (answer == NULL)
		return v;
	if (is_comparable(declared->name, answer->name, LOOKUP_NAME, &v) &&
	    !name_is_equal(arena, declared->name, answer->name))
		v.differing |= LOOKUP_NAME;
	if (is_comparable(declared->number, answer->number, LOOKUP_NUMBER, &v) &&
	    !number_is_equal(arena, declared->number, answer->number))
		v.differing |= LOOKUP_NUMBER;
	if (is_comparable(declared->birth, answer->birth, LOOKUP_BIRTH, &v) &&
	    !birth_is_equal(declared->birth, answer->birth))
		v.differing |= LOOKUP_BIRTH;
	return conclude(v);
}

struct lookup_verdict
lookup_match_business(struct arena *arena, const struct lookup_business *declared,
    const struct lookup_business *answer)
{
	struct lookup_verdict v = { LOOKUP_NOT_FOUND, 0, 0 };

	if (answer == NULL)
		return v;
	if (is_comparable(declared->tax_code, answer->tax_code, LOOKUP_TAX_CODE, &v) &&
	    !number_is_equal(arena, declared->tax_code, answer->tax_code))
		v.differing |= LOOKUP_TAX_CODE;
	if (is_comparable(declared->name, answer->name, LOOKUP_NAME, &v) &&
	    !text_is_equal(business_key(arena, declared->name), business_key(arena, answer->name)))
		v.differing |= LOOKUP_NAME;
	if (!answer->is_usable)
		v.differing |= LOOKUP_STATUS;
	return conclude(v);
}

const char *
lookup_field_name(enum lookup_field field)
{
	switch (field) {
	case LOOKUP_NAME: return "name";
	case LOOKUP_NUMBER: return "number";
	case LOOKUP_BIRTH: return "birth_date";
	case LOOKUP_TAX_CODE: return "tax_code";
	case LOOKUP_STATUS: return "status";
	}
	bug("lookup: field %d", (int)field);
}
