#!/bin/sh
# Puts into a folder what a process of Node needs of a Debian system: its binary, the libraries that it and native
# modules link to, two users, and the folders that it writes to.
set -eu
to=$1
mkdir -p "$to/usr/local/bin" "$to/etc" "$to/tmp" "$to/data"
cp /usr/local/bin/node "$to/usr/local/bin/node"
# What native modules load beside what Node itself links to: the rest of the C library, and C++.
also=$(ldconfig -p | awk '/lib(nss_dns|nss_files|resolv|rt|util|anl|stdc\+\+|gcc_s)\.so/ { print $NF }')
for library in $(ldd /usr/local/bin/node | grep -o '/[^ ]*') $also; do
  mkdir -p "$to$(dirname "$library")"
  cp -L "$library" "$to$library"
done
printf 'root:x:0:0:root:/:/sbin/nologin\nkarcis:x:10001:10001:karcis:/data:/sbin/nologin\n' > "$to/etc/passwd"
printf 'root:x:0:\nkarcis:x:10001:\n' > "$to/etc/group"
printf 'hosts: files dns\n' > "$to/etc/nsswitch.conf"
chown 10001:10001 "$to/data"
chmod 700 "$to/data"
chmod 1777 "$to/tmp"
