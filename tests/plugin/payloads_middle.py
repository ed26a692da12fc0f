# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said in the middle of a connection whose beginning is missing.

As in payloads.py; each message by itself tells what is spoken.
"""
import struct

from payloads import be16, be32, h2_frame, le32, sized


def masked(text, first=0x81):
    """A client's frame of WebSocket."""
    mask = b"\x5a\x11\xc3\x7e"
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
    size = bytes([0x80 | len(text)]) if len(text) < 126 else (
        b"\xfe" + be16(len(text)))
    return bytes([first]) + size + mask + body


def amqp(kind, channel, body):
    return bytes([kind]) + be16(channel) + sized(body) + b"\xce"


def pg(kind, body=b""):
    return kind + sized(body, whole=True)


def my(number, body):
    return struct.pack("<I", len(body) | number << 24) + body


def mqtt(first, body):
    return bytes([first, len(body)]) + body


def text(words):
    return sized(words, ">H")


def tds(kind, body):
    return bytes([kind, 1]) + be16(8 + len(body), 0) + b"\1\0" + body


# Fields that were sent before, and three that everybody has.
HPACK = bytes([0x83, 0x86, 0xc4, 0xc3, 0xc2, 0xc1, 0xbf])
ROW = be16(2) + sized(b"42") + be32(0xffffffff)
DONE = b"\xfd\x10\0\xc1\0" + struct.pack("<Q", 3)
CQL_ROWS = be32(2, 1, 0) + bytes(20)

TCP_MIDDLE = {
    "http2 headers": ("HTTP/2", 80, h2_frame(1, 5, 41, HPACK)),
    "http2 go": ("HTTP/2", 80, h2_frame(
        1, 5, 43, bytes([0xc5, 0x82, 0xc3, 0x86, 0xc1]))),
    "http2 status": ("HTTP/2", 80, (
        h2_frame(1, 4, 41, bytes([0x88, 0xc0, 0xbf]))
        + h2_frame(0, 1, 41, b"hello"),)),
    "http2 ping": ("HTTP/2", 80, h2_frame(6, 0, 0, b"12345678"),
                   (h2_frame(6, 1, 0, b"12345678"),)),
    "http2 windows": ("HTTP/2", 80, (
        h2_frame(8, 0, 0, be32(30)) + h2_frame(8, 0, 41, be32(30)))),
    "http2 reset": ("HTTP/2", 80, (
        h2_frame(3, 0, 41, be32(8)) + h2_frame(8, 0, 0, be32(30)))),
    "grpc message": ("HTTP/2", 50051, h2_frame(
        0, 1, 41, b"\0" + sized(b"\n\5world"))),
    "websocket json": ("WebSocket", 8083, masked(b'{"op":"get","id":7}')),
    "websocket words": ("WebSocket", 8083, masked(
        b"move the knight to f3, please")),
    "websocket long": ("WebSocket", 8083, masked(
        b"[" + b"1234567," * 20 + b"0]")),
    "websocket answer": ("WebSocket", 8083, (b"\x81" + sized(
        b'{"price":17.5,"id":7}', ">B"),)),
    "websocket ping": ("WebSocket", 8083, (b"\x89\0",), masked(b"", 0x8a)),
    "memcached value": ("Memcached", 11211, (
        b"VALUE user:7 0 5\r\nhello\r\nEND\r\n",)),
    "memcached values": ("Memcached", 11211, (
        b"VALUE a 1 2 99\r\nhi\r\nVALUE b 0 2\r\nho\r\nEND\r\n",)),
    "memcached binary": ("Memcached", 11211, (
        b"\x81\0\0\0\4\0\0\0" + be32(9, 7) + bytes(8) + bytes(4) + b"hello",)),
    "cassandra rows": ("Cassandra", 9042, (
        b"\x84\0\0\7\x08" + sized(CQL_ROWS),)),
    "cassandra executes": ("Cassandra", 9042, b"\4\0\0\7\x0a" + sized(
        text(b"0123456789abcdef") + be16(1) + b"\0")),
    "kafka heartbeat": ("Kafka", 9092, sized(
        be16(12, 4) + be32(77) + text(b"consumer-1") + b"\0"
        + b"\6group" + bytes(20))),
    "kafka commits": ("Kafka", 9092, sized(
        be16(8, 2) + be32(77) + text(b"consumer-1") + text(b"group")
        + bytes(20))),
    "amqp delivers": ("AMQP", 5672, (
        amqp(1, 1, be16(60, 60) + b"\1a" + bytes(9) + b"\0\1q")
        + amqp(2, 1, be16(60, 0) + be32(0, 5) + be16(0))
        + amqp(3, 1, b"hello"),)),
    "amqp heartbeat": ("AMQP", 5672, amqp(8, 0, b"")),
    "mqtt publishes": ("MQTT", 1883, mqtt(
        0x30, text(b"home/kitchen/t") + b"21.5")),
    "mqtt subscribes": ("MQTT", 1883, mqtt(
        0x82, be16(9) + text(b"home/kitchen") + b"\1")),
    "mqtt ping": ("MQTT", 1883, b"\xc0\0", (b"\xd0\0",)),
    "postgresql rows": ("PostgreSQL", 5432, (
        pg(b"D", ROW) * 3 + pg(b"C", b"SELECT 3\0") + pg(b"Z", b"I"),)),
    "postgresql row": ("PostgreSQL", 5432, (pg(b"D", ROW) + b"D\0\0\1",)),
    "postgresql ready": ("PostgreSQL", 5432, (
        pg(b"C", b"INSERT 0 1\0") + pg(b"Z", b"T"),)),
    "postgresql executes": ("PostgreSQL", 5432, (
        pg(b"B", b"\0s1\0" + bytes(6)) + pg(b"E", b"\0" + be32(0))
        + pg(b"S"))),
    "mysql columns": ("MySQL", 3306, (
        my(1, b"\1") + my(2, b"\3def" + bytes(4) + b"\1n\0\x0c"
                          + bytes(12)),)),
    "mysql executes": ("MySQL", 3306, my(
        0, b"\x17" + le32(3) + b"\0" + le32(1))),
    "mssql calls": ("MSSQL", 1433, tds(
        3, b"\x16\0\0\0\x12\0\0\0\2\0" + bytes(8) + le32(1)
        + b"\xff\xff\x0a\0\0\0")),
    "mssql answers": ("MSSQL", 1433, (tds(4, b"\x81" + bytes(20) + DONE),)),
    "zookeeper ping": ("ZooKeeper", 2181, sized(be32(0xfffffffe, 11))),
    "zookeeper pong": ("ZooKeeper", 2181, (sized(
        be32(0xfffffffe, 1, 9, 0)),)),
    "nbd reads": ("NBD", 10809, be32(
        0x25609513, 0, 0, 7, 0, 4096, 4096)),
    "nbd answers": ("NBD", 10809, (be32(0x67446698, 0, 1, 2),)),
    "xmpp stanza": ("XMPP", 5222, b"<iq type='get' id='1'><ping xmlns="
                    b"'urn:xmpp:ping'/></iq>"),
    "bittorrent asks": ("BitTorrent", 6881, sized(
        b"\6" + be32(7, 0x4000, 0x4000))),
}
