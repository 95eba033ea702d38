#!/bin/sh
# One item's way through the controller's API, with curl: announce, poll, acknowledge, open or not.
# Usage: walk.sh [URL [ID [SKU]]]    with a token in the path: walk.sh http://HOST:8377/t/TOKEN 418
# The SKU has to be one that the station knows (GET /v1/products); carton-tea is one of `station demo`.
set -eu
station="${1:-http://127.0.0.1:8377}"
id="${2:-418}"
sku="${3:-carton-tea}"
gate="gate stays shut"

ask() {
    printf '%s\n  ' "$2" >&2
    curl --silent --show-error --fail --http1.0 --request "$1" "$station$2" | tee -a /dev/stderr
    echo >&2
}
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

after=$(ask GET "/v1/plc/status" | number seq)    # what came before is another's to take
item=$(ask POST "/v1/plc/trigger?id=$id&sku=$sku" | number item)
[ -n "$item" ] || exit 1                            # no station, or it refused

tries=5
while [ "$item" != 3 ] && [ "$tries" -gt 0 ]; do    # 3: the number was used before, its verdict is another item's
    reply=$(ask GET "/v1/plc/next?after=$after&wait=2000")
    seq=$(echo "$reply" | number seq)
    if [ "$seq" = "$after" ]; then
        tries=$((tries - 1))
        continue
    fi
    after=$seq
    ask POST "/v1/plc/ack?seq=$seq" > /dev/null
    if [ "$(echo "$reply" | number id)" = "$id" ]; then
        [ "$(echo "$reply" | number verdict)" = 1 ] && gate="gate opens"
        break
    fi
done
echo "$gate"
