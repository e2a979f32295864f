#!/bin/bash
# dracut's questions about this module, and what belongs into the initrd.
# shellcheck disable=SC2154  # moddir, initdir, systemdsystemunitdir and force_drivers are dracut's

check() { return 0; }

depends() { echo systemd-initrd; }

install() {
    inst_multiple cat chmod cut mkdir sed sh sha256sum systemctl tr
    inst_script "$moddir/machine-id.sh" /usr/lib/vigil/machine-id.sh
    inst_simple "$moddir/vigil-machine-id.service" "$systemdsystemunitdir/vigil-machine-id.service"
    mkdir -p "$initdir$systemdsystemunitdir/initrd.target.wants"
    ln -sf ../vigil-machine-id.service "$initdir$systemdsystemunitdir/initrd.target.wants/vigil-machine-id.service"

    inst_simple "$moddir/manager.conf" /etc/systemd/system.conf.d/vigil.conf
    inst_script "$moddir/dead-end.sh" /usr/lib/vigil/dead-end.sh
    local unit
    for unit in emergency.service rescue.service; do
        inst_simple "$moddir/dead-end.service" "$systemdsystemunitdir/$unit"
    done
    for unit in initrd.target initrd-switch-root.target; do
        inst_simple "$moddir/hurry.conf" "$systemdsystemunitdir/$unit.d/hurry.conf"
    done
    # Nobody in this initrd reads what dracut itself leaves for drivers that are to be first.
    mkdir -p "$initdir/usr/lib/modules-load.d"
    tr -s ' ' '\n' <<<"$force_drivers" >"$initdir/usr/lib/modules-load.d/vigil.conf"
}
