/* Reads: SERIAL VOLTS
 * Compile: cc -O2 -Wall -o voltage voltage.c
 * [[converter]] kind = "exec", command = ["/opt/converters/voltage"] */
#include <stdio.h>

int main(void) {
    char serial[33];
    double volts;
    if (scanf("%32[A-Za-z0-9-] %lf", serial, &volts) != 2) {
        puts("{\"status\": \"rejected\", \"reason\": \"expected: SERIAL VOLTS\"}");
        return 0;
    }
    char result = volts >= 4.75 && volts <= 5.25 ? 'P' : 'F';
    printf("{\"type\": \"T\", \"pn\": \"PSU\", \"sn\": \"%s\", \"rev\": \"A\", \"processCode\": 10, \"result\": \"%c\",\n"
           " \"root\": {\"group\": \"M\", \"stepType\": \"SequenceCall\", \"name\": \"Main\", \"status\": \"%c\", \"steps\": [\n"
           "  {\"group\": \"M\", \"stepType\": \"ET_NLT\", \"name\": \"Output\", \"status\": \"%c\", \"numericMeas\": [{\"status\": \"%c\",\n"
           "   \"value\": %.3f, \"unit\": \"V\", \"compOp\": \"GELE\", \"lowLimit\": 4.75, \"highLimit\": 5.25}]}]}}\n",
           serial, result, result, result, result, volts);
    return 0;
}
