#!/bin/bash -e
# The units of systemd/, where the system looks for what is installed beside its packages.
UNITS="${INNERLOOP_SOURCE:?names the source tree}/systemd"
install -d -m 755 "${ROOTFS_DIR}/etc/innerloop"
install -m 644 "${UNITS}"/*.service "${UNITS}"/*.path "${UNITS}"/*.timer "${ROOTFS_DIR}/etc/systemd/system/"
for folder in sysusers.d tmpfiles.d sysctl.d; do
	install -D -m 644 -t "${ROOTFS_DIR}/usr/lib/${folder}" "${UNITS}/${folder}"/*.conf
done
install -D -m 644 -t "${ROOTFS_DIR}/etc/systemd/journald.conf.d" "${UNITS}"/journald.conf.d/*.conf
