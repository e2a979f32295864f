#!/bin/bash
# dracut's questions about this module, and what belongs into the initrd.
# shellcheck disable=SC2154  # moddir is dracut's

check() { return 0; }

depends() { echo systemd; }

install() {
    inst_multiple cat chmod cut mkdir sha256sum tr
    inst_hook pre-pivot 50 "$moddir/machine-id.sh"
}
