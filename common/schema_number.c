/*
 * schema_number - exact questions about decimals.
 *
 * 0.0075 is a multiple of 0.0001, which binary fractions do not know.  A
 * number is taken apart into an integer and a power of ten; what has more than
 * 36 significant digits is reckoned in long double.
 */
#include "schema_program.h"

#include <math.h>

enum { DIGITS_MAX = 36 };

struct decimal {
	__int128	digits;		/* no trailing zero unless 0 */
	int		exponent;	/* of ten */
};

static void
decimal_trim(struct decimal *d)
{
	while (d->digits != 0 && d->digits % 10 == 0) {
		d->digits /= 10;
		d->exponent++;
	}
	if (d->digits == 0)
		d->exponent = 0;
}

/* The exponent as written; numbers of a document are finite and short. */
static int
exponent_read(struct text t)
{
	int64_t value = 0;

	if (t.n > 0 && t.s[0] == '+')
		t = (struct text){ t.s + 1, t.n - 1 };
	if (!text_to_int64(t, &value) || value < -100000 || value > 100000)
		value = t.n > 0 && t.s[0] == '-' ? -100000 : 100000;
	return (int)value;
}

static bool
decimal_from_text(struct text t, struct decimal *d)
{
	bool negative = t.n > 0 && t.s[0] == '-', fraction = false;
	int digits = 0;

	*d = (struct decimal){ 0, 0 };
	for (size_t i = negative; i < t.n; i++) {
		if (t.s[i] == 'e' || t.s[i] == 'E') {
			d->exponent += exponent_read((struct text){ t.s + i + 1, t.n - i - 1 });
			break;
		}
		if (t.s[i] == '.') {
			fraction = true;
			continue;
		}
		if ((digits > 0 || t.s[i] != '0') && ++digits > DIGITS_MAX)
			return false;
		d->digits = d->digits * 10 + (t.s[i] - '0');
		d->exponent -= fraction;
	}
	if (negative)
		d->digits = -d->digits;
	decimal_trim(d);
	return true;
}

static bool
decimal_of(const struct doc_node *number, struct decimal *d)
{
	int64_t integer;

	if (!doc_int64(number, &integer))
		return decimal_from_text(doc_digits(number), d);
	*d = (struct decimal){ integer, 0 };
	decimal_trim(d);
	return true;
}

bool
schema_number_is_integral(const struct doc_node *number)
{
	struct decimal d;
	double real;

	if (doc_kind(number) == DOC_INT)
		return true;
	if (doc_kind(number) != DOC_REAL)
		return false;
	if (decimal_of(number, &d))
		return d.exponent >= 0;
	return doc_real(number, &real) && real == floor(real);
}

bool
schema_number_is_multiple(const struct doc_node *number, const struct doc_node *of)
{
	struct decimal a, b;
	__int128 rest;
	double x, y;

	if (!decimal_of(number, &a) || !decimal_of(of, &b))
		return doc_real(number, &x) && doc_real(of, &y) && fmod(x, y) == 0;
	if (a.digits == 0)
		return true;
	/* Both are without trailing zeros: a smaller exponent has digits that of's have not. */
	if (a.exponent < b.exponent)
		return false;
	rest = a.digits % b.digits;
	for (int i = a.exponent - b.exponent; i > 0 && rest != 0; i--)
		rest = rest * 10 % b.digits;
	return rest == 0;
}
