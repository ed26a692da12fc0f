-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- Ten questions to many hosts.  A test puts them to the samples, and tshark
-- says the same of the same files.  Say which days are meant, too: what is of
-- others is then not read (WHERE day >= today() - 7 AND ...).

-- 1. Who talked to this address, anywhere?
SELECT host, name, sum(sent_packets + received_packets) AS packets,
	sum(sent_bytes + received_bytes) AS bytes
FROM pktwho.ends FINAL
WHERE peer_ip = '198.51.100.80' AND id != ''
GROUP BY host, name ORDER BY host, name;

-- 2. When and where was a program of this hash seen first?
SELECT host, name, min(start) AS first
FROM pktwho.ends FINAL
WHERE sha256 = 'a83c0370d91532c96d4060a0e7c107d1f2889dad8a98e03395e86ef0373fd467'
GROUP BY host, name ORDER BY first LIMIT 1;

-- 3. Which country does each container send how much to?
SELECT host, container, peer_country, sum(sent_bytes) AS bytes
FROM pktwho.ends FINAL
WHERE container != '' AND peer_country != ''
GROUP BY host, container, peer_country
ORDER BY host, container, peer_country;

-- 4. Which process calls somebody again and again, and how evenly?
SELECT host, id, peer_ip, peer_port, count() AS times,
	arraySlice(arrayDifference(arraySort(groupArray(toInt64(start)))), 2)
		AS gaps,
	round(arrayReduce('avg', gaps)) AS mean,
	round(arrayReduce('stddevPop', gaps)) AS deviation
FROM pktwho.ends FINAL
WHERE side = 'client' AND share = 0 AND id != '' AND peer_ip != ''
GROUP BY host, id, peer_ip, peer_port
HAVING times > 2 ORDER BY host, id, peer_ip, peer_port;

-- 5. How much did each process send and receive?
SELECT host, id, any(pid) AS its_pid,
	sum(sent_packets + received_packets) AS packets,
	sum(sent_bytes + received_bytes) AS bytes
FROM pktwho.ends FINAL
WHERE id != ''
GROUP BY host, id ORDER BY host, id;

-- 6. Between whom are packets lost?
SELECT host, name, peer_name, sum(retransmissions) AS again
FROM pktwho.ends FINAL
WHERE side = 'client' AND share = 0
GROUP BY host, name, peer_name
HAVING again > 0 ORDER BY host, name, peer_name;

-- 7. Which program asked which server for what?
SELECT DISTINCT host, name, app, server
FROM pktwho.ends FINAL
WHERE side = 'client' AND server != '' AND app != 'DNS' AND id != ''
ORDER BY host, name, app, server;

-- 8. Who resolved the name that a program went to?
SELECT DISTINCT host, name, peer_ip, peer_domain, peer_asker
FROM pktwho.ends FINAL
WHERE side = 'client' AND peer_asker != '' AND id != ''
ORDER BY host, name, peer_ip;

-- 9. What do programs send whose file is gone or never was?
SELECT host, exe, peer_ip, sum(sent_packets) AS packets
FROM pktwho.ends FINAL
WHERE hasAny(flags, ['exe_deleted', 'exe_memfd'])
GROUP BY host, exe, peer_ip ORDER BY host, exe, peer_ip;

-- 10. Who serves on which port, and to how many?
SELECT host, name, port, uniqExact(peer_ip, peer_port) AS clients
FROM pktwho.ends FINAL
WHERE side = 'server' AND transport = 'tcp' AND id != ''
	AND received_packets > 0
GROUP BY host, name, port ORDER BY host, name, port;
