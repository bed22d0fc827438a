/*
 * err - the four answers to "what now?".
 *
 * Every function that can fail for a reason outside this program returns
 * enum fault and takes a struct err last.  The two always agree.  On failure
 * the other outputs are untouched; on success the err is untouched.
 */
#ifndef ERR_H
#define ERR_H

/* What the caller must do next.  Zero means nothing went wrong. */
enum fault {
	FAULT_NONE = 0,
	FAULT_RETRY,	/* later may work: nothing was done, ask again */
	FAULT_UNSURE,	/* it may have happened: find out before repeating */
	FAULT_PARK,	/* this message can never work: set it aside */
	FAULT_FATAL	/* this process cannot work: stop and be restarted */
};

/* Lives on the caller's stack, never allocates, is filled only on failure. */
struct err {
	enum fault	fault;
	const char	*op;		/* static text: what was being tried */
	char		code[40];	/* SQLSTATE, HTTP status, Kafka error name */
	char		text[232];	/* for people; never personal data */
};

/* One row per fault: what it is called, how loud it is, how a process ends on it. */
struct fault_traits {
	const char	*name;
	int		log_level;	/* enum log_level */
	int		exit_status;	/* sysexits-like; 0 where the process goes on */
};

const struct fault_traits *fault_traits(enum fault fault);

#define ERR_CHECK __attribute__((warn_unused_result))

/*
 * Fill err and return fault, so that "return err_set(...)" is one line.
 * code may be NULL.  text is printf-like and cut with a visible mark.
 */
enum fault err_set(struct err *err, enum fault fault, const char *op,
    const char *code, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Our own bug: say where and abort with a core. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug_at(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
