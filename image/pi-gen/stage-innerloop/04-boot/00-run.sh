#!/bin/bash -e
# Firmware and kernel settings of the Pi 5, each with its reason. A root without Raspberry Pi's firmware (the runner's) has neither file.
BOOT="${ROOTFS_DIR}/boot/firmware"
CMDLINE="${BOOT}/cmdline.txt"
CONFIG="${BOOT}/config.txt"

if [ -f "${CMDLINE}" ]; then
	# Memory limits of units and pressure figures (admission reads them) are off in Raspberry Pi's kernel by default.
	for word in cgroup_enable=memory psi=1; do
		grep -qw -- "${word}" "${CMDLINE}" || sed -i "1s/\$/ ${word}/" "${CMDLINE}"
	done
	# The data partition takes the rest of the card, not the root.
	sed -i -E '1s/ ?\b(init=\S*firstboot\S*|resize)\b//g' "${CMDLINE}"
fi
if [ -f "${CONFIG}" ] && ! grep -q '^# innerloop$' "${CONFIG}"; then
	cat >> "${CONFIG}" <<-EOF

		# innerloop
		[pi5]
		# The kernel with 16 KiB pages, as by default: fewer misses while gigabytes of weights stream through. Our native parts are aligned for it.
		kernel=kernel_2712.img
		# A hung kernel restarts by itself, within the hardware watchdog's 15 s.
		dtparam=watchdog=on
		[all]
		# No camera and no touch panel: two probes less at each start.
		camera_auto_detect=0
		display_auto_detect=0
	EOF
fi
install -D -m 644 /dev/stdin "${ROOTFS_DIR}/etc/systemd/system.conf.d/innerloop.conf" <<-EOF
	[Manager]
	RuntimeWatchdogSec=15s
EOF
