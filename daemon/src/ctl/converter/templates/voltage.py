# Reads: SERIAL VOLTS
# [[converter]] kind = "python", command = ["/opt/converters/voltage.py"], arguments = {pn = "PSU"}
import json
import os
import sys

arguments = json.loads(os.environ["STATIOND_ARGUMENTS"])
try:
    serial, volts = sys.stdin.read().split()
    volts = float(volts)
except ValueError as error:
    json.dump({"status": "rejected", "reason": f"expected: SERIAL VOLTS ({error})"}, sys.stdout)
    sys.exit(0)
result = "P" if 4.75 <= volts <= 5.25 else "F"
measured = {"status": result, "value": volts, "unit": "V", "compOp": "GELE", "lowLimit": 4.75, "highLimit": 5.25}
step = {"group": "M", "stepType": "ET_NLT", "name": "Output", "status": result, "numericMeas": [measured]}
root = {"group": "M", "stepType": "SequenceCall", "name": "Main", "status": result, "steps": [step]}
report = {"type": "T", "pn": arguments.get("pn", "PSU"), "sn": serial, "rev": "A", "processCode": 10, "result": result}
json.dump(report | {"root": root}, sys.stdout)
