"""A small converter as people write them: a CSV file in, a report out."""
import csv
import json
import sys

rows = list(csv.DictReader(line.decode() for line in sys.stdin.buffer))
steps = [
    {
        "id": number,
        "group": "M",
        "stepType": "ET_NLT",
        "name": row["Step"],
        "status": row["Status"],
        "numericMeas": [
            {"compOp": "LOG", "status": row["Status"], "unit": row["Unit"], "value": float(row["Value"])}
        ],
    }
    for number, row in enumerate(rows, 1)
]
json.dump(
    {
        "type": "T",
        "pn": "BENCH",
        "sn": rows[0]["Serial"],
        "rev": "A",
        "processCode": 10,
        "result": "P",
        "start": "2026-01-02T03:04:05+01:00",
        "root": {"id": 0, "group": "M", "stepType": "SequenceCall", "name": "Main", "status": "P", "steps": steps},
    },
    sys.stdout,
)
