/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flood ADDRESS COUNT SIZE: that many UDP datagrams, as fast as they go. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH	64
#define DISCARD 9	/* RFC 863 */

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(DISCARD) };
	static char payload[65000];
	struct iovec iov = { .iov_base = payload };
	struct mmsghdr batch[BATCH];
	long count;
	int fd;

	if (argc != 4 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1) {
		fputs("usage: flood ADDRESS COUNT SIZE\n", stderr);
		return 2;
	}
	count = atol(argv[2]);
	iov.iov_len = (size_t)atol(argv[3]) % sizeof(payload);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("flood");
		return 1;
	}
	memset(batch, 0, sizeof(batch));
	for (int i = 0; i < BATCH; i++) {
		batch[i].msg_hdr.msg_iov = &iov;
		batch[i].msg_hdr.msg_iovlen = 1;
	}
	/* A closed port answers by errors on the socket; they do not matter. */
	while (count > 0) {
		sendmmsg(fd, batch, count < BATCH ? (unsigned)count : BATCH, 0);
		count -= BATCH;
	}
	return 0;
}
