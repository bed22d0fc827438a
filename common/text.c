/* text - see text.h. */
#include "text.h"

bool
text_has_prefix(struct text t, const char *prefix)
{
	size_t n = strlen(prefix);

	return t.n >= n && (n == 0 || memcmp(t.s, prefix, n) == 0);
}

bool
text_to_int64(struct text t, int64_t *out)
{
	size_t i = 0;
	bool negative = t.n > 0 && t.s[0] == '-';
	int64_t value = 0;

	if (negative)
		i = 1;
	if (i == t.n)
		return false;
	for (; i < t.n; i++) {
		int digit = t.s[i] - '0';

		if (digit < 0 || digit > 9 ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value))
			return false;
	}
	/* Summed downwards, so that the least number fits too. */
	if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
		return false;
	*out = value;
	return true;
}

size_t
text_utf8_sequence(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return n >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
	if (p[0] >= 0xe0 && p[0] <= 0xef) {
		if (n < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
			return 0;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f))
			return 0;
		return 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		if (n < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
		    (p[3] & 0xc0) != 0x80)
			return 0;
		if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
			return 0;
		return 4;
	}
	return 0;
}

bool
text_is_utf8(struct text t)
{
	for (size_t i = 0, step; i < t.n; i += step) {
		step = text_utf8_sequence(t.s + i, t.n - i);
		if (step == 0)
			return false;
	}
	return true;
}

size_t
text_length(struct text t)
{
	size_t count = 0;

	for (size_t i = 0; i < t.n; i++)
		count += ((unsigned char)t.s[i] & 0xc0) != 0x80;
	return count;
}

void
text_hex(const void *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

/* One more than the digit's value; 0: no digit. */
static const unsigned char hex_digits[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

bool
text_unhex(struct text t, void *out, size_t n)
{
	unsigned char *bytes = out;

	if (t.n != 2 * n)
		return false;
	for (size_t i = 0; i < t.n; i++)
		if (hex_digits[(unsigned char)t.s[i]] == 0)
			return false;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)((hex_digits[(unsigned char)t.s[2 * i]] - 1) << 4 |
		    (hex_digits[(unsigned char)t.s[2 * i + 1]] - 1));
	return true;
}

size_t
text_decimal(int64_t value, char out[TEXT_DECIMAL_BYTES])
{
	char reversed[TEXT_DECIMAL_BYTES];
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	size_t n = 0, at = 0;

	do
		reversed[n++] = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	if (value < 0)
		out[at++] = '-';
	while (n > 0)
		out[at++] = reversed[--n];
	out[at] = '\0';
	return at;
}
