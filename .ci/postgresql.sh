#!/bin/sh
# A throwaway PostgreSQL server for the store's tests.
#
#   .ci/postgresql.sh start    makes a cluster in a temporary folder, starts it on a free port of 127.0.0.1,
#                              and prints the URL of an empty database: export STATION_TEST_POSTGRESQL=$(...)
#   .ci/postgresql.sh stop URL stops that server and removes its folder
#
# Needs Debian's or Ubuntu's `postgresql` package. Run as root, the server runs as the user postgres.
set -eu

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || { echo "PostgreSQL is not installed: apt-get install -y postgresql" >&2; exit 1; }

as_server() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

folder_of_port() {
    echo "${TMPDIR:-/tmp}/station-postgresql-$1"
}

case "${1:-}" in
start)
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    folder=$(folder_of_port "$port")
    cd / # where the user postgres may be
    as_server mkdir -m 700 "$folder"
    {
        as_server "$bin/initdb" --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --no-sync
        as_server "$bin/pg_ctl" start --wait --pgdata "$folder/data" --log "$folder/log" \
            -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$folder"
        as_server "$bin/createdb" --host 127.0.0.1 --port "$port" --username postgres station_test
    } >&2
    echo "postgresql+psycopg://postgres@127.0.0.1:$port/station_test"
    ;;
stop)
    port=$(echo "${2:?the URL that start printed}" | sed 's|.*:\([0-9]*\)/.*|\1|')
    folder=$(folder_of_port "$port")
    cd /
    as_server "$bin/pg_ctl" stop --mode immediate --pgdata "$folder/data" >&2
    rm -rf "$folder"
    ;;
*)
    echo "usage: $0 start | stop URL" >&2
    exit 2
    ;;
esac
