#!/bin/sh
# Reads: SERIAL P|F
# [[converter]] kind = "exec", command = ["/opt/converters/voltage.sh"]
# Only what the shell has built in: no process is needed.
read -r serial result rest
case $serial:$result in
    *[!A-Za-z0-9:-]* | :* | *:) echo '{"status": "rejected", "reason": "expected: SERIAL P|F"}'; exit 0 ;;
esac
printf '{"type": "T", "pn": "PSU", "sn": "%s", "rev": "A", "processCode": 10, "result": "%s",
 "root": {"group": "M", "stepType": "SequenceCall", "name": "Main", "status": "%s", "steps": [
  {"group": "M", "stepType": "ET_PFT", "name": "Output", "status": "%s", "booleanMeas": [{"status": "%s"}]}]}}\n' \
    "$serial" "$result" "$result" "$result" "$result"
