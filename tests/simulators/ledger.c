/* ledger - see ledger.h. */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger_count.h"
#include "table.h"

enum { BOOK_BYTES = 64 * 1024, LINE_BYTES = 4096, PATH_BYTES = 4096 };

static struct book {
	int		fd;
	bool		is_durable;	/* written before the answer leaves */
	size_t		n;
	char		waiting[BOOK_BYTES];
	struct table	seen;		/* how often each (op, key) */
} books[SERVICES];

/* --- writing -------------------------------------------------------------- */

static void
book_flush(struct book *book)
{
	for (size_t at = 0; at < book->n; ) {
		ssize_t n = write(book->fd, book->waiting + at, book->n - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == -1 && errno != EINTR)
			bug("a ledger cannot be written: errno %d", errno);
	}
	book->n = 0;
}

void
ledger_flush(void)
{
	for (int i = 0; i < SERVICES; i++)
		book_flush(&books[i]);
}

static void
put_text(struct book *book, struct text t)
{
	if (book->n + t.n > sizeof book->waiting)
		bug("a ledger line of more than %d bytes", LINE_BYTES);
	memcpy(book->waiting + book->n, t.s, t.n);
	book->n += t.n;
}

/* ,"name":"text" with whatever is not plain text made a question mark. */
static void
put_member(struct book *book, const char *name, struct text t)
{
	char *s;
	size_t n = t.n < 512 ? t.n : 512;

	if (text_is_absent(t))
		return;
	put_text(book, TEXT(",\""));
	put_text(book, text_of(name));
	put_text(book, TEXT("\":\""));
	s = book->waiting + book->n;
	put_text(book, (struct text){ t.s, n });
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || (unsigned char)s[i] >= 0x7f || s[i] == '"' || s[i] == '\\')
			s[i] = '?';
	put_text(book, TEXT("\""));
}

static void
put_int(struct book *book, const char *name, int64_t value)
{
	char s[64];
	int n = snprintf(s, sizeof s, ",\"%s\":%lld", name, (long long)value);

	put_text(book, (struct text){ s, (size_t)n });
}

static void
put_masked(struct book *book, struct text number)
{
	char s[4] = "*";

	if (number.n < 4)
		return;
	memcpy(s + 1, number.s + number.n - 3, 3);
	put_member(book, "number", (struct text){ s, 4 });
}

static void
put_line(struct book *book, const struct entry *entry, uint32_t attempt)
{
	const struct subject *about = entry->about;
	char time[TIME_TEXT_BYTES];

	time_to_text(clock_now_us(), time);
	put_text(book, TEXT("{\"time\":\""));
	put_text(book, text_of(time));
	put_text(book, TEXT("\""));
	put_member(book, "service", text_of(service_names[about->service]));
	put_member(book, "op", text_of(about->op));
	if (!entry->is_request)
		put_member(book, "kind", TEXT("event"));
	put_member(book, "key", about->key);
	put_member(book, "dossier", about->dossier);
	put_member(book, "name", about->name);
	put_masked(book, about->number);
	put_member(book, "outcome", text_of(entry->outcome));
	put_member(book, "deed", text_of(entry->deed));
	put_int(book, "status", entry->status);
	put_int(book, "attempt", attempt);
	if (about->amount != 0)
		put_int(book, "amount", about->amount);
	for (size_t i = 0; i < sizeof entry->extra / sizeof entry->extra[0]; i++)
		if (entry->extra[i].name != NULL)
			put_member(book, entry->extra[i].name, entry->extra[i].text);
	put_text(book, TEXT("}\n"));
}

static uint64_t
seen_hash(const char *op, struct text key)
{
	return hash_text(hash_text(0, text_of(op)), key);
}

uint32_t
ledger_seen(enum service service, const char *op, struct text key)
{
	return (uint32_t)(uintptr_t)table_find(&books[service].seen, seen_hash(op, key));
}

uint32_t
ledger_note(const struct entry *entry)
{
	struct book *book = &books[entry->about->service];
	uint32_t attempt = table_count(&book->seen, seen_hash(entry->about->op, entry->about->key));

	ledger_count(entry->about->service, entry->about->op, entry->outcome, attempt, entry->is_request);
	if (book->n + LINE_BYTES > sizeof book->waiting)
		book_flush(book);
	put_line(book, entry, attempt);
	if (book->is_durable)
		book_flush(book);
	return attempt;
}

/* --- reading -------------------------------------------------------------- */

int
ledger_file(enum service service, int64_t *size)
{
	char path[64];
	struct stat st;
	int fd;

	book_flush(&books[service]);
	snprintf(path, sizeof path, "/proc/self/fd/%d", books[service].fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1 && fstat(fd, &st) == 0)
		*size = st.st_size;
	return fd;
}

static void
each_line(struct text all, void (*line)(const struct doc_node *line))
{
	struct arena *arena = arena_new(64 * 1024);
	const char *end;

	for (; (end = memchr(all.s, '\n', all.n)) != NULL; all.n -= (size_t)(end + 1 - all.s), all.s = end + 1) {
		const struct doc_node *root;
		struct doc_error why;

		if (doc_parse(arena, (struct text){ all.s, (size_t)(end - all.s) }, NULL, &root, &why) == FAULT_NONE)
			line(root);
		arena_reset(arena);
		if (end + 1 == all.s + all.n)
			break;
	}
	arena_free(arena);
}

void
ledger_read(enum service service, void (*line)(const struct doc_node *line))
{
	int64_t size = 0;
	int fd = ledger_file(service, &size);
	void *map;

	if (fd == -1 || size == 0)
		goto done;
	map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		bug("a ledger cannot be read: errno %d", errno);
	each_line((struct text){ map, (size_t)size }, line);
	munmap(map, (size_t)size);
done:
	if (fd != -1)
		close(fd);
}

/* --- opening -------------------------------------------------------------- */

static void
recount(const struct doc_node *line)
{
	enum service service = service_find(doc_get_text(line, "service"));
	struct text op = doc_get_text(line, "op"), outcome = doc_get_text(line, "outcome");
	uint32_t attempt;

	if (service == SERVICES || text_is_absent(op) || text_is_absent(outcome))
		return;
	attempt = table_count(&books[service].seen, seen_hash(op.s, doc_get_text(line, "key")));
	ledger_count(service, op.s, outcome.s, attempt, doc_get(line, "kind") == NULL);
}

/* What a sudden end tore off is cut, up to the last whole line. */
static bool
cut_torn(int fd)
{
	struct stat st;
	char c = '\n';
	off_t size;

	if (fstat(fd, &st) == -1)
		return false;
	for (size = st.st_size; size > 0; size--)
		if (pread(fd, &c, 1, size - 1) != 1 || c == '\n')
			break;
	return c == '\n' && ftruncate(fd, size) == 0;
}

static int
book_file(const char *folder, const char *name)
{
	char path[PATH_BYTES];

	if (folder == NULL)
		return memfd_create(name, MFD_CLOEXEC);
	snprintf(path, sizeof path, "%s/%s.ndjson", folder, name);
	return open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

enum fault
ledger_open(const char *folder, struct err *err)
{
	if (folder != NULL && mkdir(folder, 0755) == -1 && errno != EEXIST)
		return err_set(err, FAULT_FATAL, "ledger_open", NULL, "mkdir: errno %d", errno);
	for (int i = 0; i < SERVICES; i++) {
		books[i].fd = book_file(folder, service_names[i]);
		if (books[i].fd == -1 || !cut_torn(books[i].fd))
			return err_set(err, FAULT_FATAL, "ledger_open", NULL, "%s: errno %d", service_names[i], errno);
	}
	/* What cannot be taken back: killed after the answer, the ledger still has it. */
	books[SERVICE_PAYMENT].is_durable = books[SERVICE_POSTAL].is_durable = true;
	books[SERVICE_SMS].is_durable = books[SERVICE_EMAIL].is_durable = true;
	for (int i = 0; i < SERVICES; i++)
		ledger_read((enum service)i, recount);
	return FAULT_NONE;
}
