"""Writes a year of messages into rooms of a Synapse that is stopped: the API would take hours.

history.py DATABASE EVENTS ROOM...  Each room's last event has to be a message; it is said again and again.
"""

import hashlib
import json
import sqlite3
import sys

from synapse.api.room_versions import KNOWN_ROOM_VERSIONS
from synapse.crypto.event_signing import compute_content_hash
from synapse.events import make_event_from_dict
from unpaddedbase64 import encode_base64

YEAR_MS = 365 * 24 * 3600 * 1000


def one(db, query, *values):
    return db.execute(query, values).fetchone()


def said_again(last, count, events, version):
    """The event after `last`, `count` of `events` into the year."""
    event = {key: last[key] for key in ("room_id", "type", "sender", "auth_events")}
    event["content"] = {"msgtype": "m.text", "body": f"Line {count} of a year"}
    event["prev_events"] = [last["event_id"]]
    event["depth"] = last["depth"] + 1
    event["origin_server_ts"] = last["began"] + YEAR_MS * count // events
    event["hashes"] = {}
    name, digest = compute_content_hash(event, hashlib.sha256)
    event["hashes"][name] = encode_base64(digest)
    event["signatures"] = {}
    return event, make_event_from_dict(event, version).event_id


def age(db, room, events, stream):
    """Gives the room its past; the next free place in the stream of events."""
    version = KNOWN_ROOM_VERSIONS[one(db, "SELECT room_version FROM rooms WHERE room_id = ?", room)[0]]
    (event_id,) = one(db, "SELECT event_id FROM event_forward_extremities WHERE room_id = ?", room)
    text, form = one(db, "SELECT json, format_version FROM event_json WHERE event_id = ?", event_id)
    (group,) = one(db, "SELECT state_group FROM event_to_state_groups WHERE event_id = ?", event_id)
    last = json.loads(text)
    assert last["type"] == "m.room.message", f"{room} ends with {last['type']}"
    last.update(event_id=event_id, began=last["origin_server_ts"] - YEAR_MS)
    for count in range(1, events + 1):
        event, event_id = said_again(last, count, events, version)
        ts, depth = event["origin_server_ts"], event["depth"]
        db.execute(
            "INSERT INTO events (stream_ordering, topological_ordering, event_id, type, room_id, processed, outlier,"
            " depth, origin_server_ts, received_ts, sender, contains_url, instance_name)"
            " VALUES (?, ?, ?, ?, ?, 1, 0, ?, ?, ?, ?, 0, 'master')",
            (stream, depth, event_id, event["type"], room, depth, ts, ts, event["sender"]),
        )
        db.execute("INSERT INTO event_json VALUES (?, ?, '{}', ?, ?)", (event_id, room, json.dumps(event), form))
        edge = "INSERT INTO event_edges (event_id, prev_event_id, is_state) VALUES (?, ?, 0)"
        db.execute(edge, (event_id, last["event_id"]))
        db.execute("INSERT INTO event_to_state_groups VALUES (?, ?)", (event_id, group))
        last = {**event, "event_id": event_id, "began": last["began"]}
        stream += 1
    end = "UPDATE event_forward_extremities SET event_id = ? WHERE room_id = ?"
    db.execute(end, (last["event_id"], room))
    newest = "UPDATE sliding_sync_joined_rooms SET event_stream_ordering = ?, bump_stamp = ? WHERE room_id = ?"
    db.execute(newest, (stream - 1, stream - 1, room))
    return stream


def main(database, events, *rooms):
    db = sqlite3.connect(database)
    stream = one(db, "SELECT MAX(stream_ordering) FROM events")[0] + 1
    for room in rooms:
        stream = age(db, room, int(events), stream)
    db.execute("UPDATE stream_positions SET stream_id = ? WHERE stream_name = 'events'", (stream - 1,))
    db.commit()


main(*sys.argv[1:])
