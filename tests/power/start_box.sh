#!/bin/bash
# start_box.sh PLACE CHECKOUT SYSTEM PYTHON LAYER MODULES DISK: start a user-mode Linux whose PID 1 is the systemd of
# SYSTEM (Debian trixie, `trixie.sh box`) over the units of the image in CHECKOUT; DISK is its /dev/ubda. Called in a
# private mount namespace, which ends with it.
#
# PLACE/over comes on top of all; what the image has below /opt/vigil is the checkout's firmware with PYTHON.
set -euo pipefail
place=$1 checkout=$2 system=$3 python=$4 layer=$5 modules=$6 disk=$7

root=$place/root
mkdir -p "$root"
mount -t overlay -o "lowerdir=$place/over:$checkout/image/system/root:$layer:$system" overlay "$root"
mount --bind "$checkout" "$root/work-src"
mount --bind "$python" "$root/opt/python"
mount --bind "$modules" "$root/usr/lib/modules/${modules##*/}"

# Its memory is a file, of which only what is used takes room.
export TMPDIR=/dev/shm
# Kernel and programs take turns thousands of times a second, which is twice as fast on one processor.
processor=$(ps -o psr= -p $$)
exec taskset --cpu-list "${processor// /}" linux.uml mem=512M rootfstype=hostfs "rootflags=$root" ro quiet loglevel=0 selinux=0 "uml_dir=$place/" "ubd0=$disk" \
    con=null con0=fd:0,fd:1 con1=null ssl=null \
    systemd.unit=judges.service systemd.show_status=no systemd.log_target=null
