/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dpi/names.h"

struct names {
	struct dns_message_address address;
	struct dpi_name *first;
	struct dpi_name *last;
	unsigned count;
};

static wmem_map_t *addresses; /* struct dns_message_address -> struct names */
static wmem_map_t *asked;     /* name -> itself */

/*
 * What nobody has asked for yet is written down in order: many a file is read
 * by those alone who never ask, and the maps cost as much as all else that is
 * done with a message of DNS.
 */
#define NOTES_MAX (8u << 20) /* bytes */

struct note {
	uint32_t frame; /* 0: the name was asked for */
	struct dns_message_address address;
	bool is_of_last; /* its name is that of the note before */
	bool has_process;
};

static GByteArray *notes;   /* struct note, texts: name, process */
static unsigned last_name;  /* where the last is in the notes; 0: none */
static unsigned last_asked; /* ... that was asked for */
static bool is_asked_for;   /* the maps are: nothing is noted any more */
static bool has_addresses;  /* some name was resolved */

static void free_notes(void)
{
	if (notes)
		g_byte_array_free(notes, true);
	notes = NULL;
	last_name = last_asked = 0;
}

static void begin_notes(void)
{
	free_notes();
	notes = g_byte_array_new();
	is_asked_for = has_addresses = false;
}

static unsigned hash_address(const void *key)
{
	const struct dns_message_address *a = key;

	return wmem_strong_hash(a->bytes, a->len);
}

static gboolean is_same_address(const void *a, const void *b)
{
	const struct dns_message_address *one = a, *other = b;

	return one->len == other->len &&
	       !memcmp(one->bytes, other->bytes, one->len);
}

void dpi_names_init(void)
{
	begin_notes();
	register_init_routine(begin_notes);
	addresses = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
					   hash_address, is_same_address);
	asked = wmem_map_new_autoreset(wmem_epan_scope(), wmem_file_scope(),
				       wmem_str_hash, g_str_equal);
}

static struct names *names_of(const struct dns_message_address *address)
{
	struct names *n = wmem_map_lookup(addresses, address);

	if (n || wmem_map_size(addresses) >= DPI_NAMES_ADDRESSES)
		return n;
	n = wmem_new0(wmem_file_scope(), struct names);
	n->address = *address;
	wmem_map_insert(addresses, &n->address, n);
	return n;
}

static bool is_same_name(const struct dpi_name *n, const char *name,
			 const char *process)
{
	return !strcmp(n->name, name) && !g_strcmp0(n->process, process);
}

/* After @before, or NULL: before all others. */
static void insert(struct names *n, struct dpi_name *before, uint32_t frame,
		   uint32_t until, const char *name, const char *process)
{
	struct dpi_name **at = before ? &before->next : &n->first, *new;

	if (n->count == DPI_NAMES_EACH)
		return;
	new = wmem_new0(wmem_file_scope(), struct dpi_name);
	new->frame = frame;
	new->until = until;
	new->name = wmem_strdup(wmem_file_scope(), name);
	if (process)
		new->process = wmem_strdup(wmem_file_scope(), process);
	new->next = *at;
	*at = new;
	if (!new->next)
		n->last = new;
	n->count++;
}

/* The last one from before that frame, or NULL. */
static struct dpi_name *find(const struct names *n, uint32_t frame)
{
	struct dpi_name *last = NULL;

	if (n->last && n->last->frame <= frame)
		return n->last;
	for (struct dpi_name *i = n->first; i && i->frame <= frame; i = i->next)
		last = i;
	return last;
}

static void put(const struct dns_message_address *address, uint32_t frame,
		const char *name, const char *process)
{
	struct names *n = names_of(address);
	struct dpi_name *before;

	if (!n)
		return;
	before = find(n, frame);
	if (before && is_same_name(before, name, process)) {
		before->until = MAX(before->until, frame);
		return;
	}
	/* Packets are looked at in any order: this one parts the same answer. */
	if (before && before->until > frame) {
		insert(n, before, before->until, before->until, before->name,
		       before->process);
		before->until = frame;
	}
	insert(n, before, frame, frame, name, process);
}

static void ask(const char *name)
{
	static const char *last; /* an answer repeats its question */
	unsigned count = wmem_map_size(asked);
	char *key;

	if (count == DPI_NAMES_ASKED || (count && !strcmp(last, name)))
		return;
	last = wmem_map_lookup(asked, name);
	if (last)
		return;
	last = key = wmem_strdup(wmem_file_scope(), name);
	wmem_map_insert(asked, key, key);
}

static void note_text(const char *text)
{
	g_byte_array_append(notes, (const uint8_t *)text,
			    (unsigned)strlen(text) + 1);
}

static void note(const struct note *n, const char *name)
{
	g_byte_array_append(notes, (const uint8_t *)n, sizeof(*n));
	if (n->is_of_last)
		return;
	last_name = notes->len;
	note_text(name);
}

static const char *next_note(size_t *at)
{
	const char *text = (const char *)notes->data + *at;

	*at += strlen(text) + 1;
	return text;
}

static void read_notes(void)
{
	const char *name = NULL;
	struct note n;

	if (is_asked_for)
		return;
	is_asked_for = true;
	for (size_t at = 0; at < notes->len;) {
		memcpy(&n, notes->data + at, sizeof(n));
		at += sizeof(n);
		if (!n.is_of_last)
			name = next_note(&at);
		if (n.frame)
			put(&n.address, n.frame, name,
			    n.has_process ? next_note(&at) : NULL);
		else
			ask(name);
	}
	free_notes();
}

static bool is_noted(unsigned at, const char *name)
{
	return at && !strcmp((char *)notes->data + at, name);
}

void dpi_names_put(const struct dns_message_address *address, uint32_t frame,
		   const char *name, const char *process)
{
	struct note n = {
		.frame = frame,
		.address = *address,
		.has_process = process,
	};

	has_addresses = true;
	if (is_asked_for) {
		put(address, frame, name, process);
		return;
	}
	n.is_of_last = is_noted(last_name, name);
	note(&n, name);
	if (process)
		note_text(process);
	if (notes->len > NOTES_MAX)
		read_notes();
}

void dpi_names_ask(const char *name)
{
	struct note n = { .frame = 0 };

	if (is_asked_for) {
		ask(name);
		return;
	}
	if (is_noted(last_asked, name))
		return;
	note(&n, name);
	last_asked = last_name;
	if (notes->len > NOTES_MAX)
		read_notes();
}

const struct dpi_name *dpi_names_get(const address *a, uint32_t frame)
{
	struct dns_message_address key;
	const struct names *n;
	const struct dpi_name *name;

	if (!has_addresses || (a->type != AT_IPv4 && a->type != AT_IPv6))
		return NULL;
	key.len = (uint8_t)a->len;
	memcpy(key.bytes, a->data, key.len);
	read_notes();
	n = wmem_map_lookup(addresses, &key);
	name = n ? find(n, frame) : NULL;

	return name || !n ? name : n->first;
}

bool dpi_names_knows(const char *name)
{
	unsigned count;

	read_notes();
	count = wmem_map_size(asked);
	return !count || count == DPI_NAMES_ASKED ||
	       wmem_map_contains(asked, name);
}
