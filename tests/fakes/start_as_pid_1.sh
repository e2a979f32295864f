#!/bin/bash
# start_as_pid_1.sh TREE CONSOLE UNIT: let this machine's systemd be PID 1 over TREE, and start UNIT. Called in
# namespaces of its own only, which end with it; a reset ends it by a hangup, which is how the kernel tells of one.
#
# TREE has etc/ and lib/, what comes on top of this machine's /usr/lib, and units/, which stands for all units there are.
set -euo pipefail
tree=$1 console=$2 unit=$3

root=$tree/root
mkdir -p "$root"
mount --bind "$root" "$root"
mkdir -p "$root"/{proc,sys,dev,run,tmp,sysroot,etc,usr}
mount -t overlay -o "lowerdir=$tree/usr:/usr" none "$root/usr"
mount --bind "$tree/units" "$root/usr/lib/systemd/system"
mount --bind "$tree/etc" "$root/etc"
for link in bin sbin lib lib64; do ln -sfn "usr/$link" "$root/$link"; done
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
touch "$root/dev/console"
mount --bind "$console" "$root/dev/console"

exec env -i container=test PATH=/usr/sbin:/usr/bin chroot "$root" \
    /usr/lib/systemd/systemd --system --unit="$unit" --log-target=null --show-status=no
