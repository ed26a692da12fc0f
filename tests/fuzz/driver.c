/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target where there is no libFuzzer: every seed, every cut of
 * it, and a given number of mutations, the same ones each time.
 *
 *   fuzz_NAME RUNS SEED_DIR_OR_FILE...
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define MAX_SEEDS 256
#define INPUT_MAX 65536

struct seed {
	uint8_t *data;
	size_t size;
};

static struct seed seeds[MAX_SEEDS];
static size_t seed_count;

/* xorshift64, Marsaglia 2003; not rand(), which differs between libcs. */
static uint32_t below(uint32_t n)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return n ? (uint32_t)(x >> 32) % n : 0;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void load_file(const char *path)
{
	struct seed *s = &seeds[seed_count];
	FILE *f = fopen(path, "rb");

	if (!f)
		die(path);
	s->data = malloc(INPUT_MAX);
	if (!s->data || seed_count == MAX_SEEDS - 1)
		die(path);
	s->size = fread(s->data, 1, INPUT_MAX, f);
	fclose(f);
	seed_count++;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names, or the runs would differ between disks. */
static void load(const char *path)
{
	struct dirent **entries;
	char file[4096];
	struct stat st;
	int n;

	if (stat(path, &st))
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		load_file(path);
		return;
	}
	n = scandir(path, &entries, visible, alphasort);
	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		load_file(file);
		free(entries[i]);
	}
	free(entries);
}

/* A copy that ends where its memory does, so that ASan sees a step past it. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		die("malloc");
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

/* The tail of a seed, its own or another's, over what is at one place. */
static size_t splice(uint8_t *buf, size_t size)
{
	const struct seed *s = &seeds[below((uint32_t)seed_count)];
	size_t from = below((uint32_t)s->size + 1);
	size_t at = below((uint32_t)size + 1);
	size_t n = s->size - from;

	if (n > INPUT_MAX - at)
		n = INPUT_MAX - at;
	memcpy(buf + at, s->data + from, n);
	return at + n;
}

static size_t mutate_once(uint8_t *buf, size_t size)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, 4, 8, 16 };
	size_t at = below((uint32_t)size);

	if (!size)
		return splice(buf, size);
	switch (below(6)) {
	case 0:
		buf[at] ^= (uint8_t)(1 << below(8));
		return size;
	case 1:
		buf[at] = odd[below(sizeof(odd))];
		return size;
	case 2:
		buf[at] = (uint8_t)below(256);
		return size;
	case 3:
		return at;
	case 4: /* take a byte out */
		memmove(buf + at, buf + at + 1, size - at - 1);
		return size - 1;
	default:
		return splice(buf, size);
	}
}

static void run_mutation(void)
{
	static uint8_t buf[INPUT_MAX];
	const struct seed *s = &seeds[below((uint32_t)seed_count)];
	size_t size = s->size;

	memcpy(buf, s->data, size);
	for (uint32_t n = 1 + below(4); n; n--)
		size = mutate_once(buf, size);
	run(buf, size);
}

int main(int argc, char **argv)
{
	long runs = argc > 2 ? strtol(argv[1], NULL, 10) : 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s RUNS SEED...\n", argv[0]);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		load(argv[i]);
	if (!seed_count) {
		fprintf(stderr, "%s: no seeds\n", argv[0]);
		return 1;
	}
	for (size_t i = 0; i < seed_count; i++)
		for (size_t n = 0; n <= seeds[i].size; n++)
			run(seeds[i].data, n);
	for (long i = 0; i < runs; i++)
		run_mutation();
	for (size_t i = 0; i < seed_count; i++)
		free(seeds[i].data);
	printf("%zu seeds, %ld mutations\n", seed_count, runs);
	return 0;
}
