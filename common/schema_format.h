/* schema_format - bytes and digits, for the format files alone. */
#ifndef SCHEMA_FORMAT_H
#define SCHEMA_FORMAT_H

#include "schema_program.h"

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static inline bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static inline struct text
skip(struct text t, size_t n)
{
	return (struct text){ t.s + n, t.n - n };
}

/* All of t is digits. */
static inline bool
are_digits(struct text t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!is_digit(t.s[i]))
			return false;
	return true;
}

/* n digits of t from there as a number, or -1. */
static inline int
digits_at(struct text t, size_t from, size_t n)
{
	int value = 0;

	if (t.n < from + n || !are_digits((struct text){ t.s + from, n }))
		return -1;
	for (size_t i = from; i < from + n; i++)
		value = value * 10 + (t.s[i] - '0');
	return value;
}

bool schema_format_email(struct text t);
bool schema_format_uri(struct text t);

#endif
