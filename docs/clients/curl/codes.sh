#!/bin/bash
# Approve a payment with a one-time code: GenerateCode and CheckCode with curl.
#
#   ETALON_URL=… ETALON_API_KEY=… ./codes.sh 79161234567 1500.00
#
# The code is read from standard input. The signed verdict is shown; verify it as the other examples do.
set -euo pipefail

number=$1 amount=$2
answer=$(mktemp -d)
trap 'rm -rf "$answer"' EXIT

# call OPERATION MEMBERS [HEADER]: sets code; headers are in $answer/headers. The key comes by a file
# descriptor, so that no list of processes shows it. --retry repeats with the same Idempotency-Key:
# a repeat gets the first answer, and no second message is sent.
call() {
    curl --silent --show-error --noproxy '*' --max-time 15 --retry 2 --retry-connrefused \
        --header @<(printf 'X-ApiKey: %s\n' "$ETALON_API_KEY") \
        --header 'Content-Type: application/json' \
        --header "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" ${3:+--header "$3"} \
        --dump-header "$answer/headers" --output "$answer/body" --data "$2" "$ETALON_URL/$1"
    code=$(sed -E 's/.*"Code":"?([0-9]+).*/\1/' "$answer/body")
}

# header NAME: its value in the last answer, or nothing.
header() { tr -d '\r' < "$answer/headers" | sed -n "s/^$1: //Ip"; }

payment="\"DestinationNumber\":\"$number\",\"Purpose\":\"payment\",\"Amount\":\"$amount\",\"Currency\":\"RUB\",\"Payee\":\"Romashka\""

call GenerateCode "{$payment}"
case $code in
    0) echo "code sent" ;;
    6)
        echo "refused: $(header X-Etalon-Verdict)"
        [ "$(header X-Etalon-Verdict)" = step_up ] || exit 1
        echo "enter the code of the authenticator app"
        ;;
    *) echo "not sent: $(cat "$answer/body"), wait $(header Retry-After) s"; exit 1 ;;
esac

read -r typed
[[ $typed =~ ^[0-9]{4,10}$ ]] || { echo "not approved: digits are wanted"; exit 1; }
call CheckCode "{$payment,\"Code\":\"$typed\"}" 'X-Etalon-Want: signed-verdict'
if [ "$code" != 0 ]; then
    echo "not approved: $(cat "$answer/body"), wait $(header Retry-After) s"
    exit 1
fi
echo "approved: $amount RUB"
echo "signed verdict: $(header X-Etalon-Signed-Verdict)"
