#!/bin/sh
# Runs a line of the README in a bare Debian: it shall need nothing but python3 and its venv module.
#
#   sudo deploy/bare-debian.sh FOLDER [demo|pytest]
#
# FOLDER is made by debootstrap where it is not there yet, and takes 2 GB with the station in it. What is run is the
# last commit. pip's settings come from the environment; a proxy's certificate that PIP_CERT names must lie in FOLDER.
set -eu
folder=$1
verb=${2:-demo}
cd "$(dirname "$0")/.."
line=$(grep "^python3 -m venv .*/\(station \)\?$verb\$" README.md)

[ -e "$folder/usr/bin/python3" ] || debootstrap --variant=minbase --include=python3,python3-venv stable "$folder"
cp /etc/resolv.conf "$folder/etc/resolv.conf"
rm -rf "$folder/src"
mkdir "$folder/src"
git archive HEAD | tar -x -C "$folder/src"
echo "$line"
exec env -u PYTHONPATH -u XDG_CACHE_HOME HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$folder" sh -c "cd /src && $line"
