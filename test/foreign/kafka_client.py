"""Publishes album.imported and reads album.enriched with Confluent's own client, knowing only topics and registry.

Usage: kafka_client.py BROKERS REGISTRY IMPORTED_TOPIC ENRICHED_TOPIC COMPRESSION FIRST_ID COUNT
Prints one JSON object: how many results each album got.
"""

import json
import sys
import time
import uuid

from confluent_kafka import Consumer, Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

brokers, registry_url, imported, enriched, compression, first, count = sys.argv[1:8]
ids = [str(int(first) + n) for n in range(int(count))]
registry = SchemaRegistryClient({"url": registry_url})

schema = registry.get_latest_version(f"{imported}-value").schema
serialize = AvroSerializer(registry, schema, conf={"auto.register.schemas": False, "use.latest.version": True})
producer = Producer({"bootstrap.servers": brokers, "compression.type": compression, "linger.ms": 50})
for album_id in ids:
    album = {
        "albumId": album_id,
        "title": "Nevermind",
        "artists": [{"name": "Nirvana"}],
        "releaseYear": 1991,
        "importedAt": int(time.time() * 1000),
        "source": "confluent-kafka",
    }
    value = serialize(album, SerializationContext(imported, MessageField.VALUE))
    producer.produce(imported, key=album_id, value=value, headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
producer.flush(30)

deserialize = AvroDeserializer(registry)
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": str(uuid.uuid4()),
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([enriched])
seen = {album_id: 0 for album_id in ids}
outcomes = {}
deadline = time.time() + 90
quiet_since = None
# All albums once, and then two quiet seconds, in which a double would show.
while time.time() < deadline and (quiet_since is None or time.time() - quiet_since < 2):
    message = consumer.poll(0.2)
    if message is None:
        if all(seen.values()) and quiet_since is None:
            quiet_since = time.time()
        continue
    if message.error():
        raise SystemExit(f"consumer: {message.error()}")
    event = deserialize(message.value(), SerializationContext(enriched, MessageField.VALUE))
    if event["albumId"] in seen:
        seen[event["albumId"]] += 1
        outcomes[event["outcome"]] = outcomes.get(event["outcome"], 0) + 1
        quiet_since = None
consumer.close()
print(json.dumps({"published": len(ids), "results": sum(seen.values()), "twice": sum(n > 1 for n in seen.values()), "outcomes": outcomes}))
