/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "frame.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "bytes.h"

static size_t written(const struct wbuf *w)
{
	return w->failed ? 0 : w->len;
}

static void be16(struct wbuf *w, uint16_t v)
{
	wbuf_u8(w, (uint8_t)(v >> 8));
	wbuf_u8(w, (uint8_t)v);
}

static void be32(struct wbuf *w, uint32_t v)
{
	be16(w, (uint16_t)(v >> 16));
	be16(w, (uint16_t)v);
}

static void patch16(uint8_t *p, size_t v)
{
	if (!p)
		return;
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* @len is even. */
static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void put_address(struct wbuf *w, const char *text)
{
	bool v6 = strchr(text, ':');
	uint8_t addr[16] = { 0 };

	inet_pton(v6 ? AF_INET6 : AF_INET, text, addr);
	wbuf_put(w, addr, v6 ? 16 : 4);
}

static void put_ipv4(struct wbuf *w, const struct segment *s, size_t payload)
{
	size_t head = w->len;

	be16(w, 0x4500);
	be16(w, (uint16_t)(20 + payload));
	be32(w, 0x4000); /* don't fragment */
	wbuf_u8(w, 64);
	wbuf_u8(w, s->proto);
	be16(w, 0);
	put_address(w, s->src);
	put_address(w, s->dst);
	if (!w->failed)
		patch16(w->base + head + 10, checksum(w->base + head, 20));
}

static void put_ipv6(struct wbuf *w, const struct segment *s, size_t payload)
{
	be32(w, 6u << 28);
	be16(w, (uint16_t)payload);
	wbuf_u8(w, s->proto);
	wbuf_u8(w, 64);
	put_address(w, s->src);
	put_address(w, s->dst);
}

static void put_tcp(struct wbuf *w, const struct segment *s)
{
	be16(w, s->sport);
	be16(w, s->dport);
	be32(w, s->seq);
	be32(w, s->ack);
	wbuf_u8(w, 5 << 4);
	wbuf_u8(w, s->flags);
	be16(w, 64240);
	be32(w, 0);
	wbuf_put(w, s->data, s->len);
}

static void put_udp(struct wbuf *w, const struct segment *s)
{
	be16(w, s->sport);
	be16(w, s->dport);
	be16(w, (uint16_t)(8 + s->len));
	be16(w, 0);
	wbuf_put(w, s->data, s->len);
}

static void put_port_unreachable(struct wbuf *w, const struct segment *s)
{
	size_t head = w->len;

	be16(w, 3 << 8 | 3); /* type and code, RFC 792 */
	be16(w, 0);
	be32(w, 0);
	wbuf_put(w, s->data, s->len);
	if (!w->failed)
		patch16(w->base + head + 2,
			checksum(w->base + head, w->len - head));
}

size_t frame_make(uint8_t *out, size_t size, const struct segment *s)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	size_t payload = (s->proto == IPPROTO_TCP ? 20 : 8) + s->len;
	bool v6 = strchr(s->src, ':');
	struct wbuf w = wbuf_of(out, size);

	wbuf_put(&w, macs, sizeof(macs));
	be16(&w, v6 ? 0x86dd : 0x0800);
	if (v6)
		put_ipv6(&w, s, payload);
	else
		put_ipv4(&w, s, payload);
	if (s->proto == IPPROTO_TCP)
		put_tcp(&w, s);
	else if (s->proto == IPPROTO_UDP)
		put_udp(&w, s);
	else
		put_port_unreachable(&w, s);
	return written(&w);
}

/* ---- DNS, RFC 1035 ---- */

static void put_dns_name(struct wbuf *w, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");

		wbuf_u8(w, (uint8_t)n);
		wbuf_put(w, name, n);
		name += n + (name[n] == '.');
	}
	wbuf_u8(w, 0);
}

size_t frame_dns(uint8_t *out, size_t size, const char *name,
		 const char *address, int answer)
{
	bool v6 = strchr(address, ':');
	uint16_t type = v6 ? 28 : 1; /* AAAA (RFC 3596), A */
	struct wbuf w = wbuf_of(out, size);

	be16(&w, (uint16_t)(0x1000 + type)); /* id */
	be16(&w, answer ? 0x8180 : 0x0100);
	be16(&w, 1);
	be16(&w, answer ? 1 : 0);
	be32(&w, 0);
	put_dns_name(&w, name);
	be16(&w, type);
	be16(&w, 1);
	if (answer) {
		be16(&w, 0xc00c); /* the question's name */
		be16(&w, type);
		be16(&w, 1);
		be32(&w, 300);
		be16(&w, v6 ? 16 : 4);
		put_address(&w, address);
	}
	return written(&w);
}

/* ---- TLS 1.3, RFC 8446 ---- */

enum { CLIENT_HELLO = 1, SERVER_HELLO = 2 };

/* A vector whose 16-bit length is patched in by end16(). */
static size_t begin16(struct wbuf *w)
{
	be16(w, 0);
	return w->len;
}

static void end16(struct wbuf *w, size_t at)
{
	if (!w->failed)
		patch16(w->base + at - 2, w->len - at);
}

/* Stands for 32 random bytes. */
static void put_random(struct wbuf *w, uint8_t first)
{
	for (uint8_t i = 0; i < 32; i++)
		wbuf_u8(w, (uint8_t)(first + i));
}

static void put_extension(struct wbuf *w, uint16_t type, const void *data,
			  size_t len)
{
	be16(w, type);
	be16(w, (uint16_t)len);
	wbuf_put(w, data, len);
}

static void put_server_name(struct wbuf *w, const char *host)
{
	size_t extension, list, name;

	be16(w, 0);
	extension = begin16(w);
	list = begin16(w);
	wbuf_u8(w, 0); /* a host's name */
	name = begin16(w);
	wbuf_put(w, host, strlen(host));
	end16(w, name);
	end16(w, list);
	end16(w, extension);
}

static void put_key_share(struct wbuf *w)
{
	be16(w, 0x001d); /* x25519 */
	be16(w, 32);
	put_random(w, 0x80);
}

static void put_client_hello(struct wbuf *w, const char *host)
{
	size_t extensions, share, list;

	be16(w, 2);	 /* cipher suites */
	be16(w, 0x1301); /* TLS_AES_128_GCM_SHA256 */
	be16(w, 0x0100); /* no compression */
	extensions = begin16(w);
	put_server_name(w, host);
	put_extension(w, 10, "\0\2\0\x1d", 4); /* groups: x25519 */
	put_extension(w, 13, "\0\2\4\3", 4);   /* ECDSA, P-256 */
	put_extension(w, 16, "\0\3\2h2", 5);   /* ALPN */
	put_extension(w, 43, "\2\3\4", 3);     /* TLS 1.3 */
	be16(w, 51);
	share = begin16(w);
	list = begin16(w);
	put_key_share(w);
	end16(w, list);
	end16(w, share);
	end16(w, extensions);
}

static void put_server_hello(struct wbuf *w)
{
	size_t extensions, share;

	be16(w, 0x1301);
	wbuf_u8(w, 0);
	extensions = begin16(w);
	put_extension(w, 43, "\3\4", 2);
	be16(w, 51);
	share = begin16(w);
	put_key_share(w);
	end16(w, share);
	end16(w, extensions);
}

static size_t make_hello(uint8_t *out, size_t size, uint8_t type,
			 const char *host)
{
	struct wbuf w = wbuf_of(out, size);
	size_t record, body;

	wbuf_u8(&w, 22); /* handshake */
	be16(&w, type == CLIENT_HELLO ? 0x0301 : 0x0303);
	record = begin16(&w);
	wbuf_u8(&w, type);
	wbuf_u8(&w, 0); /* a 24-bit length */
	body = begin16(&w);
	be16(&w, 0x0303);
	put_random(&w, (uint8_t)(type << 5));
	wbuf_u8(&w, 0); /* no session id */
	if (type == CLIENT_HELLO)
		put_client_hello(&w, host);
	else
		put_server_hello(&w);
	end16(&w, body);
	end16(&w, record);
	return written(&w);
}

size_t frame_client_hello(uint8_t *out, size_t size, const char *host)
{
	return make_hello(out, size, CLIENT_HELLO, host);
}

size_t frame_server_hello(uint8_t *out, size_t size)
{
	return make_hello(out, size, SERVER_HELLO, NULL);
}
