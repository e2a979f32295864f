#!/bin/bash
# dracut's questions about this module, and what belongs into the initrd.
# shellcheck disable=SC2154  # moddir, initdir and systemdsystemunitdir are dracut's

check() { return 0; }

depends() { echo systemd-initrd; }

install() {
    inst_multiple cat chmod cut mkdir sh sha256sum tr
    inst_script "$moddir/machine-id.sh" /usr/lib/vigil/machine-id.sh
    inst_simple "$moddir/vigil-machine-id.service" "$systemdsystemunitdir/vigil-machine-id.service"
    mkdir -p "$initdir$systemdsystemunitdir/initrd.target.wants"
    ln -sf ../vigil-machine-id.service "$initdir$systemdsystemunitdir/initrd.target.wants/vigil-machine-id.service"
}
