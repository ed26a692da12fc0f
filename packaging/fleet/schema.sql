-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- What `pktwho log` says of connections, of any number of hosts, in ClickHouse
-- (18.16 or later):  clickhouse-client --multiquery <schema.sql
-- docs/fleet.md has more.
CREATE DATABASE IF NOT EXISTS pktwho;

-- A row is a connection as one of its ends sees it; `peer` is the other.  The
-- client's is always there, the server's if a process is named for it.  Where
-- several processes had an end in turn, each has its share.  The same again
-- replaces it: FINAL, in a query, counts it once.
CREATE TABLE IF NOT EXISTS pktwho.ends
(
	day Date,			-- of the first packet, UTC
	host String,			-- that captured
	interface String,
	start UInt64,			-- first packet, ns since the Unix epoch
	end UInt64,
	side String,			-- client, server
	share UInt16,			-- 0: the first, mostly the only one
	transport String,
	direction String,
	community_id String,
	reason String,			-- why it ended
	app String,
	server String,			-- the name that was asked for
	retransmissions UInt32,		-- of the connection
	rtt UInt64,			-- ns
	alerts Array(String),
	ip String,
	port UInt16,
	country String,
	sent_packets UInt64,
	sent_bytes UInt64,
	attr String,
	id String,			-- proc.id; '': nobody is named
	pid UInt32,
	name String,
	exe String,
	args Array(String),
	sha256 String,
	user String,
	parent String,
	unit String,
	flags Array(String),
	container String,
	image String,
	pod String,
	namespace String,
	peer_ip String,
	peer_port UInt16,
	peer_country String,
	peer_domain String,
	peer_asker String,		-- who resolved the domain
	peer_id String,
	peer_name String,
	received_packets UInt64,
	received_bytes UInt64
)
ENGINE = ReplacingMergeTree(end)
PARTITION BY day
ORDER BY (host, start, transport, ip, port, peer_ip, peer_port, interface,
	side, share);
