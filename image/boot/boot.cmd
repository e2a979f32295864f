# Vigil's slot selector: which of the two systems starts, and with what. U-Boot runs it at every start.
# What it promises is docs/spec/slots.md, why it does so docs/design/boot.md; tests/image/test_selector*.py hold it to both.
#
# It is written for U-Boot's old shell: no functions, no `case`, numbers are hexadecimal in `setexpr`, and a variable
# that is not set is nothing at all, so everything that is compared stands in quotes.

setenv p1 "${devtype} ${devnum}:${distro_bootpart}"
fdt addr ${fdt_addr}
setenv soc
fdt get value soc / compatible 1
setenv given
fdt get value given /chosen bootargs

# Addresses. U-Boot's own for the Pi leave Debian's kernel no room before the initrd. `mark` is where the kernels
# of Raspberry Pi keep their crash logs across a reset: memory that neither firmware nor U-Boot uses.
setenv pi
for s in brcm,bcm2837 brcm,bcm2711 brcm,bcm2712; do
  if test "${soc}" = "${s}"; then setenv pi yes; fi
done
if test "${pi}" = yes; then
  setenv kernel_addr_r 0x00200000
  setenv ramdisk_addr_r 0x04000000
  setenv dt_addr 0x0a000000
  setenv overlay_addr 0x0a200000
  setenv mark 0x0b000000
  setenv mark_like 0x0b100000
  setenv kernel_comp_addr_r 0x0c000000
  setenv console "console=ttyS1,115200"
  setenv family bcm2835
  if test "${soc}" = brcm,bcm2712; then
    setenv console "console=ttyAMA10,115200"
    setenv family rp1
  fi
else
  setenv mark 0x4b000000
  setenv mark_like 0x4b100000
  setenv kernel_comp_addr_r 0x4c000000
  setenv console
fi
setenv fdt_high ffffffffffffffff
setenv initrd_high ffffffffffffffff

# The hardware watchdog, from here until the kernel's driver has it: 16 s, all it can. Only a Pi's own firmware reads
# cmdline.txt, where the word stands; the emulated Pi resets as soon as its watchdog is armed.
setenv arm
for w in ${given}; do
  if test "${w}" = vigil.watchdog=boot; then
    if test "${soc}" = brcm,bcm2837; then setenv arm 'mw.l 0x3f100024 0x5a0fffff; mw.l 0x3f10001c 0x5a000020'; fi
    if test "${soc}" = brcm,bcm2711; then setenv arm 'mw.l 0xfe100024 0x5a0fffff; mw.l 0xfe10001c 0x5a000020'; fi
  fi
done
test -z "${arm}" || run arm

# The state: the first of two copies whose checksum is right.
setenv names "BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT BOOT_TRIAL BOOT_TRY BOOT_CUTS"
setenv from
for f in slots.env slots2.env; do
  if test -z "${from}"; then
    setenv filesize
    if load ${p1} ${ramdisk_addr_r} ${f} 4000; then
      if test "${filesize}" = 4000; then
        if env import -c ${ramdisk_addr_r} 4000 ${names}; then setenv from ${f}; fi
      fi
    fi
    if test -z "${from}"; then echo "Vigil: ${f} is missing or damaged"; fi
  fi
done
if test -z "${from}"; then
  setenv BOOT_ORDER "A B"
  setenv BOOT_A_LEFT 3
  setenv BOOT_B_LEFT 3
  setenv BOOT_TRIAL -
  setenv BOOT_TRY -
  setenv BOOT_CUTS 0
fi
setenv was "${from}:${BOOT_ORDER}:${BOOT_A_LEFT}:${BOOT_B_LEFT}:${BOOT_TRIAL}:${BOOT_TRY}:${BOOT_CUTS}"
echo "Vigil: found ${was}"

# Only the words that mean something go on from here.
setenv order
for s in ${BOOT_ORDER}; do
  if test "${s}" = A; then setenv order "${order} A"; fi
  if test "${s}" = B; then setenv order "${order} B"; fi
done
setenv left_A 0
setenv left_B 0
for n in 1 2 3; do
  if test "${BOOT_A_LEFT}" = ${n}; then setenv left_A ${n}; fi
  if test "${BOOT_B_LEFT}" = ${n}; then setenv left_B ${n}; fi
done
setenv trial -
setenv try -
for s in A B; do
  if test "${BOOT_TRIAL}" = ${s}; then setenv trial ${s}; fi
  if test "${BOOT_TRY}" = ${s}; then setenv try ${s}; fi
done
setenv cuts 0
for n in 1 2 3 4 5 6 7 8 9 a b c d e f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f; do
  if test "${BOOT_CUTS}" = ${n}; then setenv cuts ${n}; fi
done

# Did the power fail? Then the memory has forgotten the mark that the last start left in it.
setenv came power
mw.l ${mark_like} 5ac3961e 40000
if cmp.l ${mark} ${mark_like} 40000; then setenv came reset; fi

# The last start was never confirmed: a slot on trial loses a try, a committed one only where it died with the power
# on. So that no start is free for ever (memory that forgets at once would look like that), the 32nd cut in a row counts.
setenv lost -
if test "${try}" != -; then
  if test "${trial}" = "${try}" || test "${came}" = reset; then
    setenv lost ${try}
    setenv cuts 0
  else
    setexpr cuts ${cuts} + 1
    if test "${cuts}" = 20; then
      setenv lost ${try}
      setenv cuts 0
    fi
  fi
else
  setenv cuts 0
fi
setenv lose 'if test "${lost}" = A && test ${left_A} -gt 0; then setexpr left_A ${left_A} - 1; fi; if test "${lost}" = B && test ${left_B} -gt 0; then setexpr left_B ${left_B} - 1; fi'
run lose

setenv choose 'setenv slot; for s in ${order}; do if test -z "${slot}"; then if test ${s} = A && test ${left_A} -gt 0; then setenv slot A; setenv part 2; fi; if test ${s} = B && test ${left_B} -gt 0; then setenv slot B; setenv part 3; fi; fi; done'
run choose
if test -z "${slot}"; then
  echo "Vigil: no slot is left, both are tried anew"
  setenv order " A B"
  setenv left_A 3
  setenv left_B 3
  setenv trial -
  setenv cuts 0
  run choose
fi
if test "${try}" != "${slot}"; then setenv cuts 0; fi
setenv try ${slot}

# First one copy, then the other: whenever the power fails, one of them is whole. Where one cannot be written, the
# other may.
setenv export 'setenv BOOT_ORDER; for s in ${order}; do if test -z "${BOOT_ORDER}"; then setenv BOOT_ORDER ${s}; else setenv BOOT_ORDER "${BOOT_ORDER} ${s}"; fi; done; setenv BOOT_A_LEFT ${left_A}; setenv BOOT_B_LEFT ${left_B}; setenv BOOT_TRIAL ${trial}; setenv BOOT_TRY ${try}; setenv BOOT_CUTS ${cuts}'
setenv keep 'run export; env export -c -s 4000 ${ramdisk_addr_r} ${names}; fatwrite ${p1} ${ramdisk_addr_r} slots.env 4000; fatwrite ${p1} ${ramdisk_addr_r} slots2.env 4000'
run export
setenv now "slots.env:${BOOT_ORDER}:${BOOT_A_LEFT}:${BOOT_B_LEFT}:${BOOT_TRIAL}:${BOOT_TRY}:${BOOT_CUTS}"
if test "${was}" != "${now}"; then run keep; fi
echo "Vigil: slot ${slot} after ${came}, left A ${left_A} B ${left_B}, trial ${trial}, cuts ${cuts}"
mw.l ${mark} 5ac3961e 40000

setenv from_slot "${devtype} ${devnum}:${part}"
# The same system may lie in either slot, so its file has arguments for both; the root's partition is what differs.
setenv slotargs
setenv slotargs_A
setenv slotargs_B
if load ${from_slot} ${ramdisk_addr_r} slot.env; then
  env import -t -r ${ramdisk_addr_r} ${filesize} slotargs_A slotargs_B
  if test "${slot}" = A; then setenv slotargs "${slotargs_A}"; else setenv slotargs "${slotargs_B}"; fi
fi

# What the owner has wired to the board: a file on p1 that no update touches.
setenv overlays
if load ${p1} ${ramdisk_addr_r} hardware.env; then
  env import -t -r ${ramdisk_addr_r} ${filesize} overlays
fi

# The slot's own device tree fits its kernel; the firmware's serves where there is none that is whole. Raspberry Pi's
# own kernels call the chip of the Pi 3 by another name than U-Boot does.
setenv fdtfiles ${fdtfile}
setexpr fdtfiles sub bcm2837 bcm2710
setenv fdtfiles "${fdtfile} ${fdtfiles}"
setenv tree 'setenv dt ${fdt_addr}; for f in ${fdtfiles}; do if test "${pi}${dt}" = "yes${fdt_addr}"; then if load ${from_slot} ${dt_addr} dtbs/${f}; then if fdt addr ${dt_addr}; then setenv dt ${dt_addr}; fi; fi; fi; done; fdt addr ${dt}; fdt resize 8000'
run tree
setenv refused
if test "${dt}" = "${dt_addr}"; then
  for o in ${overlays}; do
    if test -z "${refused}"; then
      if load ${from_slot} ${overlay_addr} overlays/${family}/${o}.dtbo; then
        if fdt apply ${overlay_addr}; then echo "Vigil: ${o} fitted"; else setenv refused ${o}; fi
      else
        echo "Vigil: this system knows no overlay ${o}"
      fi
    fi
  done
  # An overlay that fails half-way leaves a tree that is good for nothing.
  if test -n "${refused}"; then
    echo "Vigil: overlay ${refused} does not fit this board, none is used"
    run tree
  fi
fi
fdt rsvmem add ${mark} 100000

setenv bootargs "${console} ${slotargs} rauc.slot=${slot} vigil.start=${came} ${given}"
if test -n "${slotargs}"; then
  if load ${from_slot} ${kernel_addr_r} vmlinuz; then
    setenv kernel_comp_size ${filesize}
    if load ${from_slot} ${ramdisk_addr_r} initrd; then
      echo "Vigil: starting with ${bootargs}"
      test -z "${arm}" || run arm
      booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${dt}
    fi
  fi
fi

# Still here: this slot cannot be started. It loses its try at once, for a reset need not be seen in the memory.
echo "Vigil: slot ${slot} cannot be started"
setenv lost ${slot}
run lose
setenv try -
run keep
reset
