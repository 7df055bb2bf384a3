"""Reads dashboards the way Grafana's own types do and writes them again: what is lost on the way, Grafana does not know."""

import json
import sys

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard


def find_lost(before, after, path):
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            yield from find_lost(value, after.get(key), f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (value, kept) in enumerate(zip(before, after)):
            yield from find_lost(value, kept, f"{path}[{index}]")
    elif before != after:
        yield f"{path}: {before!r} becomes {after!r}"


plugins.register_default_plugins()
lost = []
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        source = json.load(file)
    written = json.loads(JSONEncoder().encode(Dashboard.from_json(source)))
    lost += find_lost(source, written, path)
print("\n".join(lost), end="")
sys.exit(1 if lost else 0)
