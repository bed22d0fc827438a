/*
 * viet - Vietnamese writing, made comparable.
 *
 * The same name arrives as composed letters, as letters with combining marks
 * in several orders, in capitals or not, with stray spaces; keyboards put an
 * Icelandic eth where a d with stroke belongs.  A folded text has one form for
 * all of these.  Folded texts are for comparing and masking; what the applicant
 * wrote is kept and shown as written.
 */
#ifndef VIET_H
#define VIET_H

#include "mem.h"

/*
 * Canonical form: Vietnamese letters composed (NFC), Latin letters in upper
 * case, white space (no-break and wide too) collapsed to one space and trimmed,
 * invisible characters dropped, apostrophes straight.  Other characters stay.
 * Bytes that are no UTF-8 become U+FFFD.  Absent stays absent.
 */
struct text viet_fold(struct arena *arena, struct text t);

/* The same, and the tone mark of OA, OE, UY on the second letter: HÒA and HOÀ are one. */
struct text viet_key(struct arena *arena, struct text t);

/* "Nguyễn Thị Ánh" gives "N.T.A."; letters keep their shape (Đ, Ô), not their tone. */
struct text viet_initials(struct arena *arena, struct text name);

#endif
