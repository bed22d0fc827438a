"""verify_raw - the headers of one message, by librdkafka itself: the Python client gives up on names that are no UTF-8."""
import ctypes, ctypes.util

CONSUMER = 1


def library():
    rd = ctypes.CDLL(ctypes.util.find_library("rdkafka") or "librdkafka.so.1")
    p, i32, i64, size = ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_size_t
    for name, result, args in (
            ("rd_kafka_conf_new", p, []), ("rd_kafka_conf_set", ctypes.c_int, [p, ctypes.c_char_p, ctypes.c_char_p, p, size]),
            ("rd_kafka_new", p, [ctypes.c_int, p, p, size]), ("rd_kafka_topic_new", p, [p, ctypes.c_char_p, p]),
            ("rd_kafka_consume_start", ctypes.c_int, [p, i32, i64]), ("rd_kafka_consume", p, [p, i32, ctypes.c_int]),
            ("rd_kafka_consume_stop", ctypes.c_int, [p, i32]), ("rd_kafka_message_headers", ctypes.c_int, [p, p]),
            ("rd_kafka_header_get_all", ctypes.c_int, [p, size, p, p, p]), ("rd_kafka_message_destroy", None, [p]),
            ("rd_kafka_topic_destroy", None, [p]), ("rd_kafka_destroy", None, [p])):
        function = getattr(rd, name)
        function.restype, function.argtypes = result, args
    return rd


def read_headers(rd, message):
    headers, found = ctypes.c_void_p(), []
    if rd.rd_kafka_message_headers(message, ctypes.byref(headers)) != 0:
        return []
    name, value, n = ctypes.c_char_p(), ctypes.c_void_p(), ctypes.c_size_t()
    while rd.rd_kafka_header_get_all(headers, len(found), ctypes.byref(name), ctypes.byref(value), ctypes.byref(n)) == 0:
        found.append((name.value, ctypes.string_at(value.value, n.value) if value.value is not None else None))
    return found


def headers_at(broker, topic, partition, offset):
    """[(name, value)] as bytes, of the message at that place; None when it cannot be had."""
    rd = library()
    conf = rd.rd_kafka_conf_new()
    rd.rd_kafka_conf_set(conf, b"bootstrap.servers", broker.encode(), None, 0)
    client = rd.rd_kafka_new(CONSUMER, conf, None, 0)
    handle = rd.rd_kafka_topic_new(client, topic.encode(), None)
    rd.rd_kafka_consume_start(handle, partition, offset)
    message = rd.rd_kafka_consume(handle, partition, 20000)
    found = None
    if message:
        found = read_headers(rd, message) if ctypes.cast(message, ctypes.POINTER(ctypes.c_int))[0] == 0 else None
        rd.rd_kafka_message_destroy(message)
    rd.rd_kafka_consume_stop(handle, partition)
    rd.rd_kafka_topic_destroy(handle)
    rd.rd_kafka_destroy(client)
    return found
