"""The calendar of the benchmark in the libraries of others: icalendar reads it, recurring-ical-events tells a day.

Arguments: the file, and days as 2026-11-26. Prints JSON: milliseconds to read, milliseconds for each day, and how
many MiB the process grew by."""

import datetime
import json
import sys
import time


def grown():
    """MiB of this process that are no file's."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("Pss_Anon:"):
                return int(line.split()[1]) / 1024
    raise SystemExit("the kernel tells no Pss_Anon")


def main():
    import icalendar
    import recurring_ical_events

    before = grown()
    started = time.perf_counter()
    with open(sys.argv[1], "rb") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    read = time.perf_counter() - started
    days, meetings = [], []
    query = recurring_ical_events.of(calendar)
    for day in sys.argv[2:]:
        day = datetime.date.fromisoformat(day)
        started = time.perf_counter()
        meetings.append(len(query.at(day)))
        days.append((time.perf_counter() - started) * 1e3)
    print(json.dumps({"read": read * 1e3, "days": days, "meetings": meetings, "grown": grown() - before}))


main()
