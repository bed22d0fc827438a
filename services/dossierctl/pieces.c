/* pieces - see pieces.h. */
#include "pieces.h"

bool
place_read(struct arena *arena, const char *word, struct text *topic, int64_t *partition,
    int64_t *offset)
{
	const char *last = strrchr(word, '/'), *first = last;

	while (first != NULL && first > word && *--first != '/')
		;
	if (first == NULL || first == word || *first != '/')
		return false;
	*topic = arena_copy(arena, word, (size_t)(first - word));
	return text_to_int64((struct text){ first + 1, (size_t)(last - first - 1) }, partition) &&
	    text_to_int64(text_of(last + 1), offset) && *partition >= 0 && *partition <= INT32_MAX;
}

struct text
reason_code(struct text reason)
{
	const char *colon = reason.n > 0 ? memchr(reason.s, ':', reason.n) : NULL;

	return colon != NULL ? (struct text){ reason.s, (size_t)(colon - reason.s) } : reason;
}

bool
note_next(struct text note, size_t *at, struct text *out)
{
	const char *from = note.s + *at, *end;
	size_t left = note.n - *at;

	if (text_is_absent(note) || left == 0)
		return false;
	end = memchr(from, ';', left);
	*out = (struct text){ from, end != NULL ? (size_t)(end - from) : left };
	*at += end == NULL ? left : out->n + 2 < left ? out->n + 2 : left;
	return true;
}
